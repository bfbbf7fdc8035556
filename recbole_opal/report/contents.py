"""What the hyper-categories of a trained OPAL hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.data.sequences import IntArray
from recbole_opal.interests.assignment import assign_softly, hard_categories
from recbole_opal.report.names import ItemNames
from recbole_opal.report.rebuild import Rebuilt

__all__ = ["Content", "TagLift", "assignment_of_items", "contents", "tag_lifts"]

_FEWEST_ITEMS = 3
"""A tag on fewer items of a category has a lift that says nothing."""


@dataclass(frozen=True)
class TagLift:
    """A tag's share of a category's items over its share of all items.

    Attributes:
        tag: its name.
        share: of the category's items that carry it.
        lift: over the share of all items; 1 is as expected.
    """

    tag: str
    share: float
    lift: float


@dataclass(frozen=True)
class Content:
    """One hyper-category.

    Attributes:
        share_of_items: that belong to it most.
        share_of_interactions: of training, with those items.
        strength: mean assignment of its items to it.
        items: ids of its clearest items, strongest first.
        strengths: their assignments.
        tags: its tags by lift.
    """

    share_of_items: float
    share_of_interactions: float
    strength: float
    items: list[int]
    strengths: list[float]
    tags: list[TagLift]


@torch.no_grad()
def assignment_of_items(rebuilt: Rebuilt) -> npt.NDArray[np.float64]:
    """Return how strongly each item belongs to each category, (N, K); row 0 is padding."""
    network = rebuilt.model.network
    encoder, vectors = network.encoder, network.items.all()
    assigned = assign_softly(vectors, encoder.unit_categories(), encoder.temperature)
    result: npt.NDArray[np.float64] = assigned.double().numpy()
    return result


def contents(rebuilt: Rebuilt, *, top: int = 8) -> list[Content]:
    """Describe each hyper-category.

    The clearest items are taken from the more popular half of the catalogue: the vectors of
    rare items have hardly been trained, and are often the most extreme.

    Args:
        rebuilt: a trained OPAL.
        top: how many items and tags.
    """
    assigned = assignment_of_items(rebuilt)
    own = hard_categories(torch.from_numpy(assigned)).numpy()
    own[0] = -1
    counts = rebuilt.counts
    known = counts >= max(np.median(counts[1:]), 1)
    known[0] = False
    total = max(int(counts[1:].sum()), 1)
    found = []
    for category in range(assigned.shape[1]):
        members = own == category
        weights = np.where(members & known, assigned[:, category], -1.0)
        order = np.argsort(-weights, kind="stable")[:top]
        order = order[weights[order] > 0]
        found.append(
            Content(
                share_of_items=float(members.sum() / (len(own) - 1)),
                share_of_interactions=float(counts[members].sum() / total),
                strength=float(assigned[members, category].mean()) if members.any() else 0.0,
                items=order.tolist(),
                strengths=weights[order].tolist(),
                tags=tag_lifts(np.flatnonzero(members), rebuilt.names)[:top],
            )
        )
    return found


def tag_lifts(members: IntArray, names: ItemNames) -> list[TagLift]:
    """Return the tags of some items, highest lift first; tags on fewer than 3 of them left out.

    Args:
        members: item ids.
        names: of all items.
    """
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
