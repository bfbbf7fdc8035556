"""What an exported bundle says of itself."""

from __future__ import annotations

from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.runs import RunReader

__all__ = ["BUNDLE_FORMAT", "BUNDLE_NAME", "is_bundle"]

BUNDLE_NAME = "bundle.json"
BUNDLE_FORMAT = 1


def is_bundle(run: RunReader) -> bool:
    """Tell an exported bundle from a run folder.

    Raises:
        CheckpointError: it is of a newer format than this version reads, or damaged.
    """
    if BUNDLE_NAME not in run.names:
        return False
    path = run.path / BUNDLE_NAME
    described = run.load_json(BUNDLE_NAME)
    with refusing(str(path), "names no format", "export the run again"):
        number = int(described["format"])
    if number > BUNDLE_FORMAT:
        raise CheckpointError(
            f"{run.path} is a bundle of format {number}, this version reads {BUNDLE_FORMAT}; "
            "pip install --upgrade recbole_opal, or export the run with this version."
        )
    return True
