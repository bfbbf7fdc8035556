"""What each hyper-category of a trained OPAL holds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recbole_opal.report.elements import Section, failures, note, reading, tabs
from recbole_opal.report.item_names import ItemNames
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.rows import category_colour
from recbole_opal.report.trained_opals import TrainedOpal
from recbole_opal.report.wording import percent

__all__ = ["HyperCategory", "TagLift", "categories", "hyper_categories", "tag_lifts", "why_not"]

_WHAT = (
    "An item belongs to the category it is assigned to most. Mean assignment: how large a part of "
    "themselves the category's items give it on average, 1 if all, {even:.2f} if they are torn "
    "evenly between all {count}; the same number stands behind each item. Items: the clearest of "
    "the more popular half of the catalogue. Tags: lift, the tag's share here over its share of "
    "all items, 1× as expected by chance; tags below {least}× are left out."
)
_FEWEST_ITEMS = 3  # a tag on fewer items of a category has a lift that says nothing
_LEAST_LIFT = 1.2  # a tag hardly more frequent than everywhere tells nothing of a category


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


def categories(models: Sequence[TrainedOpal], problems: Sequence[str]) -> Section:
    """Return the section on OPAL with several interests, or why it could not be rebuilt."""
    panels: dict[str, Child] = {}
    for trained in models:
        found = hyper_categories(trained)
        count, tagged = len(found), len(trained.names.tags) > 0
        cards = [_card(index, each, trained.names) for index, each in enumerate(found)]
        panels[f"{trained.row.named}, seed {trained.seed}"] = join(
            node("div", cards, class_=f"cards of-{_across(count)}"),
            reading(_reading(found, tagged=tagged)),
            note(_WHAT.format(even=1 / count, count=count, least=_LEAST_LIFT)),
        )
    told = tabs("categories-tabs", panels) if panels else why_not(problems)
    return Section("categories", "What each hyper-category holds", told)


def _across(cards: int) -> int:
    """Return how many stand in a row of at most four, so that the rows are as even as can be."""
    return math.ceil(cards / math.ceil(cards / 4))


def why_not(problems: Sequence[str]) -> Markup:
    """Return why no model could be rebuilt."""
    told = node("p", "The trained models could not be rebuilt, so nothing is shown here:")
    return failures(told, problems)


def _card(index: int, found: HyperCategory, names: ItemNames) -> Markup:
    shares = (
        f"{percent(found.share_of_items)} of items, {percent(found.share_of_interactions)} of "
        f"interactions, mean assignment {found.strength:.2f}"
    )
    tags = [
        node("li", node("span", tag), node("small", f" {lift:.1f}×, on {percent(share)}"))
        for tag, share, lift in found.tags[:6]
    ]
    items = []
    for item, strength in zip(found.items, found.strengths, strict=True):
        about = ", ".join(names.tags_of(item)) or None
        items.append(node("li", names.title(item), node("small", f" {strength:.2f}"), title=about))
    number = node("span", str(index + 1), class_="category", data_colour=category_colour(index))
    return node(
        "article",
        node("h3", number, f"Category {index + 1}"),
        note(shares),
        node(
            "progress",
            max="1",
            value=f"{found.share_of_items:.3f}",
            class_="share",
            aria_label="share of the items",
        ),
        node("div", node("h4", "Tags by lift"), node("ol", tags)) if tags else None,
        node("h4", "Clearest items"),
        node("ol", items),
        class_="card",
        data_colour=category_colour(index),
    )


def _reading(found: Sequence[HyperCategory], *, tagged: bool) -> str:
    shares = [category.share_of_items for category in found]
    said = (
        f"Category {shares.index(max(shares)) + 1} is the largest with {percent(max(shares))} of "
        f"the items, the smallest holds {percent(min(shares))} (even would be "
        f"{percent(1 / len(found))})."
    )
    if tagged:
        clear = sum(category.tags[0].lift >= 2 for category in found if category.tags)
        which = f"{clear or 'none'} of the {len(found)}"
        said += f" In {which} categories a tag is at least twice as frequent as among all items."
    return said


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
    """Return the tags of some items, highest lift first.

    Tags on fewer than 3 of them, and those of a lift below 1.2, are left out.
    """
    if len(names.tags) == 0 or len(members) == 0:
        return []
    everywhere = np.bincount(names.tag_ids, minlength=len(names.tags))
    inside = np.isin(names.tag_items, members)
    here = np.bincount(names.tag_ids[inside], minlength=len(names.tags))
    shares = here / len(members)
    with np.errstate(divide="ignore", invalid="ignore"):
        lifts = shares / (everywhere / (len(names) - 1))
    kept = np.flatnonzero((here >= _FEWEST_ITEMS) & (lifts >= _LEAST_LIFT))
    ordered = kept[np.argsort(-lifts[kept], kind="stable")]
    return [TagLift(names.tags[i], float(shares[i]), float(lifts[i])) for i in ordered.tolist()]
