"""What run folders tell of trained OPALs: how items belong to hyper-categories, and their names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.errors import CheckpointError, OpalError, quoted
from recbole_opal.interests.assignment import assign_softly
from recbole_opal.interests.unit import unit_length
from recbole_opal.models.rebuild import rebuild
from recbole_opal.report.item_names import ItemNames, read_names
from recbole_opal.report.rows import best_opal_rows
from recbole_opal.report.run_files import RunFiles
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import FEATURES_NAME, HISTORIES_NAME
from recbole_opal.runs.placed_settings import placed_settings

__all__ = ["TrainedOpal", "any_trained", "telling", "trained_opals"]


@dataclass(frozen=True)
class TrainedOpal:
    """A trained OPAL of a row, as its run folder tells it.

    Another model stands here as one of a single interest, which all items belong to.
    """

    row: Row
    seed: str
    folder: RunReader
    assignment: npt.NDArray[np.float64]  # (N, K) of each item to each category, row 0 is padding
    counts: npt.NDArray[np.int64]  # (N,) training interactions of each item
    names: ItemNames


def trained_opals(
    comparison: ComparisonResult, files: RunFiles
) -> tuple[list[TrainedOpal], list[str]]:
    """Return OPAL's best rows, see `best_opal_rows`, each by the first seed that can be read.

    And a line for each run that cannot.
    """
    found: list[TrainedOpal] = []
    problems: list[str] = []
    for row in best_opal_rows(comparison):
        for seed, path in comparison.run_folders(row).items():
            with telling(problems, row, seed):
                found.append(_trained(row, seed, files.folder(path)))
                break
    return found, problems


def any_trained(
    comparison: ComparisonResult, files: RunFiles
) -> tuple[list[TrainedOpal], list[str]]:
    """Return the best row on validation of which a run can be read, as if it had one interest.

    For users of models that have no interests to look into; and a line for each run that cannot.
    """
    problems: list[str] = []
    for row in sorted(comparison.done, key=comparison.by_validation, reverse=True):
        for seed, path in comparison.run_folders(row).items():
            with telling(problems, row, seed):
                folder = files.folder(path)
                if folder is None or HISTORIES_NAME not in folder.names:
                    continue
                counts = load_arrays(folder, "item_counts.npz")["counts"].astype(np.int64)
                names = read_names(folder, placed_settings(folder))
                if len(names) != len(counts):
                    raise ValueError(f"{len(counts)} counts, {len(names)} names")
                one = np.ones((len(counts), 1))
                return [TrainedOpal(row, seed, folder, one, counts, names)], problems
    return [], problems


@contextmanager
def telling(problems: list[str], row: Row, seed: str) -> Iterator[None]:
    """Turn what goes wrong in the block into a line of the problems, which stops nothing."""
    try:
        yield
    except OpalError as error:
        problems.append(f"{row.named}, seed {seed}: {error}")
    except Exception as error:  # noqa: BLE001, whatever a run folder may hold
        why = quoted(f"{type(error).__name__}: {error}")
        problems.append(f"{row.named}, seed {seed}: its files do not fit ({why}).")


def _trained(row: Row, seed: str, folder: RunReader | None) -> TrainedOpal:
    if folder is None:
        raise CheckpointError("its run folder cannot be read; train it again.")
    settings, weights = placed_settings(folder), folder.load_weights(row.stage)
    vectors = weights["items.embedding.weight"]
    if FEATURES_NAME in folder.names:
        vectors = _composed(folder, row.stage)
    elif settings["similarity"] == "cosine":
        vectors = unit_length(vectors)
    categories = unit_length(weights["encoder.categories"])
    sharpness = settings.get("assignment_temperature") or settings["temperature"]
    assigned = assign_softly(vectors, categories, sharpness)
    counts = load_arrays(folder, "item_counts.npz")["counts"].astype(np.int64)
    names = read_names(folder, settings)
    if not len(names) == len(counts) == len(assigned):
        raise ValueError(f"{len(assigned)} vectors, {len(counts)} counts, {len(names)} names")
    return TrainedOpal(row, seed, folder, assigned.double().numpy(), counts, names)


def _composed(folder: RunReader, stage: str) -> Tensor:
    """Return the vectors of the items, (N, D), composed of what the run knows of them."""
    items = rebuild(folder.path, stage).items
    with torch.no_grad():
        return items.look_up(torch.arange(items.num_items))
