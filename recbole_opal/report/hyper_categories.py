"""What the hyper-categories of a trained OPAL hold."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recbole_opal.report.item_names import ItemNames
from recbole_opal.report.trained_opals import TrainedOpal

__all__ = ["HyperCategory", "TagLift", "hyper_categories", "tag_lifts"]

_FEWEST_ITEMS = 3
"""A tag on fewer items of a category has a lift that says nothing."""


class TagLift(NamedTuple):
    """A tag, the share of a category's items with it, and that over the share of all items."""

    tag: str
    share: float
    lift: float


@dataclass(frozen=True)
class HyperCategory:
    """One hyper-category: of the items that belong to it most, shares, the clearest, and tags."""

    share_of_items: float
    share_of_interactions: float  # of training
    strength: float  # mean assignment of its items to it
    items: list[int]  # strongest first
    strengths: list[float]
    tags: list[TagLift]


def hyper_categories(trained: TrainedOpal, *, top: int = 8) -> list[HyperCategory]:
    """Describe each hyper-category by its `top` items and tags.

    The clearest items are taken from the more popular half of the catalogue: the vectors of
    rare items have hardly been trained, and are often the most extreme.
    """
    assigned, counts = trained.assignment, trained.counts
    own = assigned.argmax(axis=1)  # as `interests.assignment.hard_categories`
    own[0] = -1
    known = counts >= max(np.median(counts[1:]), 1)
    known[0] = False
    total = max(int(counts[1:].sum()), 1)
    found = []
    for category, strengths in enumerate(assigned.T):
        members = own == category
        weights = np.where(members & known, strengths, -1.0)
        order = np.argsort(-weights, kind="stable")[:top]
        order = order[weights[order] > 0]
        found.append(
            HyperCategory(
                share_of_items=float(members.sum() / (len(own) - 1)),
                share_of_interactions=float(counts[members].sum() / total),
                strength=float(strengths[members].mean()) if members.any() else 0.0,
                items=order.tolist(),
                strengths=weights[order].tolist(),
                tags=tag_lifts(np.flatnonzero(members), trained.names)[:top],
            )
        )
    return found


def tag_lifts(members: npt.NDArray[np.int64], names: ItemNames) -> list[TagLift]:
    """Return the tags of some items, highest lift first; tags on fewer than 3 of them left out."""
    if len(names.tags) == 0 or len(members) == 0:
        return []
    everywhere = np.bincount(names.tag_ids, minlength=len(names.tags))
    inside = np.isin(names.tag_items, members)
    here = np.bincount(names.tag_ids[inside], minlength=len(names.tags))
    shares = here / len(members)
    with np.errstate(divide="ignore", invalid="ignore"):
        lifts = shares / (everywhere / (len(names) - 1))
    kept = np.flatnonzero(here >= _FEWEST_ITEMS)
    ordered = kept[np.argsort(-lifts[kept], kind="stable")]
    return [TagLift(names.tags[i], float(shares[i]), float(lifts[i])) for i in ordered.tolist()]
