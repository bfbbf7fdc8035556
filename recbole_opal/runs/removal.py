"""A run folder goes at once: hidden by a rename first, so that half of one is never met."""

import shutil
from contextlib import suppress
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import atomic
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.manifest import MANIFEST_NAME, Manifest

__all__ = ["refuse_what_cannot_go", "remove_run"]

_GONE = ".gone"


def refuse_what_cannot_go(path: Path) -> None:
    """Refuse what is no run folder, and one that a process works in.

    What its manifest says wrongly does not matter here: a damaged run may go.
    """
    try:
        Manifest.read(path)
    except CheckpointError:
        if not (path / MANIFEST_NAME).is_file() or not (path / "config.yaml").is_file():
            raise
    with exclusive(path):
        pass


def remove_run(path: Path) -> None:
    """Remove a run folder with all that lies in it.

    Killed half way, it leaves a hidden `.NAME.gone`, which the next removal beside it takes along.
    A run whose manifest is damaged can be removed too; a link to a run is left, what it leads to
    goes.

    Raises:
        CheckpointError: it is no run folder, a process works in it, or the disk refuses.
    """
    folder = path.resolve()
    refuse_what_cannot_go(path)
    hidden = folder.with_name(f".{folder.name}{_GONE}")
    with exclusive(folder):
        _sweep(folder.parent)
        try:
            folder.rename(hidden)
            atomic.sync_folder(folder.parent)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise CheckpointError(
                f"{path} cannot be removed: {reason}; make the folder above it writable."
            ) from error
    _delete(hidden, path)


def _delete(hidden: Path, path: Path) -> None:
    try:
        shutil.rmtree(hidden)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CheckpointError(
            f"{path} is gone from the list, but {hidden} cannot be deleted whole: {reason}; delete "
            "it by hand."
        ) from error


def _sweep(parent: Path) -> None:
    """Delete what a removal that was killed has left."""
    for hidden in parent.glob(f".*{_GONE}"):
        with suppress(OSError):  # another removal is at it, or it is not ours to delete
            if (hidden / MANIFEST_NAME).is_file() and not hidden.is_symlink():
                shutil.rmtree(hidden)
