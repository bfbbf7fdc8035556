"""Where a data set's folder is, and what to do where it is not; told without pandas and torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.data.bundled import BUNDLED_DATASET, root_or_own
from recbole_opal.errors import DataError
from recbole_opal.settings.paths import path_problem
from recbole_opal.settings.values import load_settings_file
from recbole_opal.suggest import did_you_mean

__all__ = ["data_root", "require_data_folder"]

_DATA_PATH = "dataset"  # RecBole's default, and that of our overall.yaml
_LONGEST_NAME = 200  # bytes; 255 is what file systems take, and the files' names add to it


def data_root(
    dataset: str, settings: Mapping[str, Any], config_files: Sequence[Path]
) -> Path | None:
    """Return the folder that is to hold the data set's own; None: RecBole brings that along."""
    contents = [*map(load_settings_file, config_files), settings]
    given = [content["data_path"] for content in contents if "data_path" in content]
    if not given and dataset == BUNDLED_DATASET:
        return None
    if not given:
        return root_or_own(Path(_DATA_PATH), dataset)
    return Path(str(given[-1])).expanduser()


def require_data_folder(folder: Path, dataset: str, *, named: bool = True) -> None:
    """Check that there is a folder of the data set's name.

    `named` tells whether the user named the data set and could name another.
    """
    if Path(dataset).name != dataset or dataset == "..":
        raise DataError(
            f"--dataset={dataset} is a path; write --data_path for the folder and --dataset for "
            "its name."
        )
    if path_problem(f"{folder}/{dataset}.inter") or len(dataset.encode()) > _LONGEST_NAME:
        why = path_problem(str(folder)) or f"shorten it to {_LONGEST_NAME} bytes"
        raise DataError(f"--dataset={dataset} cannot be a folder's name; {why}.")
    if not folder.is_dir():
        raise DataError(_how_to_find(folder, dataset, named))


def _how_to_find(folder: Path, dataset: str, named: bool) -> str:
    """Say what to do about a folder that is not there."""
    own = folder.parent  # of the data set itself, where --data_path should name the one above
    if own.resolve().name == dataset and (own / f"{dataset}.inter").is_file():
        return (
            f"--data_path={own} is the folder of the data set itself; write "
            f"--data_path={own.resolve().parent}, the folder above."
        )
    others = [path.name for path in own.iterdir() if path.is_dir()] if own.is_dir() else []
    hint = did_you_mean(dataset, [BUNDLED_DATASET, *others] if named else [], "--dataset=")
    return (
        f"--dataset={dataset}: there is no folder {folder}{f'{hint} Otherwise' if hint else ';'} "
        f"put {dataset}.inter there, or name the folder above it with --data_path."
    )
