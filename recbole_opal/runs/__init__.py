"""Run folders: what a run leaves on disk, verified, never pickled, never half written."""

from recbole_opal.runs.folder import RunFolder
from recbole_opal.runs.manifest import FileDigest, Manifest, verified_bytes
from recbole_opal.runs.reader import RunReader

__all__ = ["FileDigest", "Manifest", "RunFolder", "RunReader", "verified_bytes"]
