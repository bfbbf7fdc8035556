"""A synthetic log as a data set on disk, with its truth beside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.generated_settings import SYNTHETIC_YAML
from recbole_opal.runs.encoding import encode_arrays
from recbole_opal.runs.staged_files import StagedFiles
from recbole_opal.synthesis.number_text import number_lines
from recbole_opal.synthesis.synthetic_log import SyntheticLog

__all__ = ["write_atomic"]


def write_atomic(log: SyntheticLog, folder: Path, name: str) -> Path:
    """Write a log as RecBole's atomic files, with its truth.

    `name.inter` has the columns `user_id:token item_id:token timestamp:float`, `name.item`
    `item_id:token category:token`; `name.yaml` holds the settings that read both; `truth.npz`
    holds `item_categories`, `user_interests` and `drift_points` as `SyntheticLog` describes them,
    row n for the user or item with the token n. All files appear, or none.

    Args:
        log: what to write.
        folder: what `--data_path` will name.
        name: what `--dataset` will name.

    Returns:
        The folder with the four files.

    Raises:
        DataError: a file cannot be written.
    """
    target = Path(folder) / name
    with StagedFiles(target) as files:
        files.write("truth.npz", [encode_arrays(_truth(log))])
        files.write(f"{name}.yaml", [SYNTHETIC_YAML])
        files.write(f"{name}.item", _item_lines(log))
        files.write(f"{name}.inter", _interaction_lines(log))
    return target


def _truth(log: SyntheticLog) -> dict[str, npt.NDArray[Any]]:
    return {
        "item_categories": log.item_categories,
        "user_interests": log.user_interests,
        "drift_points": log.drift_points,
    }


def _item_lines(log: SyntheticLog) -> Iterator[bytes]:
    yield b"item_id:token\tcategory:token\n"
    yield from number_lines([np.arange(len(log.item_categories)), log.item_categories])


def _interaction_lines(log: SyntheticLog) -> Iterator[bytes]:
    yield b"user_id:token\titem_id:token\ttimestamp:float\n"
    # Whole seconds below 2**53: exact as integers.
    yield from number_lines([log.users, log.items, log.times.astype(np.int64)])
