"""Users in thirds: by the breadth and the length of their histories, by the number of targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.errors import CheckpointError
from recbole_opal.runs.file_names import HISTORIES_NAME
from recbole_opal.runs.reader import RunReader

__all__ = ["Grouping", "UserTraits", "groupings", "thirds", "traits_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UserTraits:
    """What is known of E users of the test part, sorted by token, before any model.

    Attributes:
        users: their tokens.
        entropy: of their histories in nats, (E,); NaN where no item has a category.
        by: what the entropy is of, "categories" or "clusters of items met by the same users".
        lengths: interactions before the test part, (E,).
        targets: items to be found, (E,).
    """

    users: list[str]
    entropy: FloatArray
    by: str
    lengths: IntArray
    targets: IntArray


@dataclass(frozen=True)
class Grouping:
    """Users in groups from 0 upwards; -1: in none.

    Attributes:
        name: what the users are grouped by, as `breadth`.
        title: in words.
        labels: of the G groups, with their ranges.
        groups: (E,) the group of each user.
    """

    name: str
    title: str
    labels: Sequence[str]
    groups: IntArray


def traits_of(result: ComparisonResult, row: Row) -> UserTraits:
    """Read the traits from the run of a row's first seed; all runs of a comparison share them.

    Raises:
        CheckpointError: the run is damaged, or of a version that kept no histories.
    """
    from recbole_opal.studies.breadth import entropies, history_matrix  # here: it loads scipy

    run = result.open_run(next(iter(result.run_folders(row).values())))
    if HISTORIES_NAME not in run.names:
        raise CheckpointError(
            f"{run.path} holds no {HISTORIES_NAME}, being of an older version; move the run folder "
            "away and give the command again."
        )
    held, asked = load_arrays(run, HISTORIES_NAME), load_arrays(run, "targets-test.npz")
    owners = held["user_id"].astype(np.int64)
    tokens = np.array(run.load_json("ids.json")[run.load_yaml("config.yaml")["USER_ID_FIELD"]])
    order = np.argsort(tokens[owners])
    num_items = len(load_arrays(run, "item_counts.npz")["counts"])
    histories = history_matrix(held["items"], held["lengths"], num_items)
    items, groups, by = _item_groups(run, histories)
    targets = np.bincount(asked["user_id"], minlength=len(tokens))[owners]
    return UserTraits(
        tokens[owners][order].tolist(),
        entropies(histories, items, groups)[order],
        by,
        held["lengths"].astype(np.int64)[order],
        targets.astype(np.int64)[order],
    )


def _item_groups(run: RunReader, histories: object) -> tuple[IntArray, IntArray, str]:
    if "item_categories.npz" not in run.names:
        from recbole_opal.studies.breadth import co_visit_clusters

        return *co_visit_clusters(histories), "clusters of items met by the same users"
    pairs = load_arrays(run, "item_categories.npz")
    return pairs["item"].astype(np.int64), pairs["category"].astype(np.int64), "categories"


def groupings(traits: UserTraits) -> list[Grouping]:
    """Return the thirds by breadth, length and targets; those with a single group are left out."""
    asked = [
        ("breadth", f"breadth (entropy of its {traits.by})", traits.entropy, ".2f"),
        ("length", "length of the history", traits.lengths.astype(float), ".0f"),
        ("targets", "targets of the user", traits.targets.astype(float), ".0f"),
    ]
    found = []
    for name, title, values, form in asked:
        groups, labels = thirds(values, form)
        if len(labels) > 1:
            found.append(Grouping(name, title, labels, groups))
    return found


def thirds(values: FloatArray, form: str = ".2f") -> tuple[IntArray, list[str]]:
    """Return the third that each of (E,) values is in, -1 for NaN, and the thirds' ranges.

    Equal values are never torn apart, so there may be fewer.
    """
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return np.full(len(values), -1, dtype=np.int64), []
    cuts = np.quantile(known, [1 / 3, 2 / 3], method="higher")
    starts = np.unique(np.append(known.min(), cuts))
    places = np.searchsorted(starts, np.where(np.isfinite(values), values, -np.inf), side="right")
    groups = places.astype(np.int64) - 1
    labels = []
    for group in range(len(starts)):
        inside = values[groups == group]
        low, high = f"{inside.min():{form}}", f"{inside.max():{form}}"
        labels.append(low if low == high else f"{low} to {high}")
    return groups, labels
