"""Run folders: what a run leaves on disk, verified, never pickled, never half written."""

from recbole_opal.runs.folder import RunFolder
from recbole_opal.runs.manifest import FileDigest, Manifest, verified_bytes
from recbole_opal.runs.reader import RunReader
from recbole_opal.runs.state import decode_state, encode_state

__all__ = [
    "FileDigest",
    "Manifest",
    "RunFolder",
    "RunReader",
    "decode_state",
    "encode_state",
    "verified_bytes",
]
