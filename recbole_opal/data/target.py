"""Where `convert` and `synthesize` write: names that training takes, and files that may go."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from recbole_opal.data.generated_settings import is_hand_written
from recbole_opal.errors import DataError
from recbole_opal.settings.properties import dataset_yaml

__all__ = ["check_target", "remove_others"]

_ROOT = Path("dataset")  # where the data sets are, by default
_LONGEST_NAME = 200  # bytes; 255 is what file systems take, and file names add to it


def check_target(folder: Path, overwrite: bool, own_name: str = "") -> None:
    """Check that a data set can be written to a folder, and be trained on there.

    A settings file that was written by hand is never replaced, and so stands in nobody's way.

    Args:
        folder: its name is that of the data set.
        overwrite: whether the files of an older data set may be replaced.
        own_name: the name of the bundled settings that were made for this very data set.

    Raises:
        DataError: the folder has no proper name or one with settings of its own, is a file, or
            holds a data set or several.
    """
    name = folder.name
    _check_name(folder)
    if dataset_yaml(name) is not None and name != own_name:
        raise DataError(
            f"--out={folder}: there are settings for the data set {name} already "
            f"(properties/dataset/{name}.yaml), which would apply to this one too; write for "
            f"example --out={folder.parent / f'my-{name}'}."
        )
    try:
        _check_place(folder, overwrite)
    except OSError as error:
        raise DataError(
            f"--out={folder} cannot be used ({error.strerror}); name another folder."
        ) from error


def remove_others(folder: Path, kept: Collection[str]) -> list[Path]:
    """Remove the files of a data set that was replaced, where the new one has none of the name.

    Args:
        folder: of the data set.
        kept: names of the new files, and of those to leave alone.

    Returns:
        What has been removed.

    Raises:
        DataError: a file cannot be removed.
    """
    removed = [path for path in _files(folder) if path.name not in kept and path.exists()]
    for path in removed:
        try:
            path.unlink()
        except OSError as error:
            raise DataError(
                f"{path} belongs to the data set that was replaced and cannot be removed "
                f"({error.strerror}); remove it."
            ) from error
    return removed


def _files(folder: Path) -> list[Path]:
    names = [f"{folder.name}.{kind}" for kind in ("inter", "item", "user", "yaml")]
    return [folder / name for name in (*names, "truth.npz")]


def _check_name(folder: Path) -> None:
    name = folder.name
    if name in ("", "..") or folder == _ROOT:
        raise DataError(f"--out={folder} names no data set; write --out=dataset/NAME.")
    undecoded = any("\ud800" <= sign <= "\udfff" for sign in str(folder))
    if name[0] in "-~" or name != name.strip() or not name.isprintable() or undecoded:
        raise DataError(
            f"--out={str(folder)!r}: the name of a data set begins with no dash, tilde or blank, "
            "ends with no blank and holds no control characters; name another folder."
        )
    if len(name.encode()) > _LONGEST_NAME:
        raise DataError(
            f"--out: the name {name[:20]}... is longer than {_LONGEST_NAME} bytes; shorten it."
        )


def _check_place(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"--out={folder} is a file; name a folder that is not there yet.")
    inner = (path.parent for path in folder.glob("*/*.inter") if path.stem == path.parent.name)
    one = next(inner, None)
    if one is not None:
        raise DataError(
            f"--out={folder} is a folder of data sets, as {one.name}; write --out={folder}/NAME."
        )
    there = [path for path in _files(folder) if path.exists()]
    for path in there:
        if path.is_dir():
            raise DataError(
                f"{path} is a folder where a file of the data set belongs; move it away."
            )
    old = [path for path in there if path.suffix != ".yaml" or not is_hand_written(path)]
    if old and not overwrite:
        raise DataError(
            f"{old[0]} is there already; name another --out, or write --overwrite=True."
        )
