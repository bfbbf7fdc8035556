"""Section 6: what each hyper-category of OPAL holds."""

from __future__ import annotations

from recbole_opal.report import numbers
from recbole_opal.report.contents import Content, contents
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.names import ItemNames
from recbole_opal.report.parts import Section, reading, tabs
from recbole_opal.report.rebuild import Rebuilder, Rebuilt
from recbole_opal.report.series import colour
from recbole_opal.report.source import Comparison, Row

__all__ = ["best_opal_rows", "categories", "why_not"]

_MOST_VARIANTS = 4


def best_opal_rows(comparison: Comparison) -> list[Row]:
    """Return OPAL's best row on validation for each K above 1, at most four, best first."""
    ranked = sorted(
        (row for row in comparison.done if row.family == "opal" and (row.num_interests or 0) > 1),
        key=lambda row: -comparison.by_validation(row),
    )
    by_count: dict[int | None, Row] = {}
    for row in ranked:
        by_count.setdefault(row.num_interests, row)
    return list(by_count.values())[:_MOST_VARIANTS]


def categories(comparison: Comparison, rebuilder: Rebuilder) -> Section | None:
    """Return the section; None where the comparison has no OPAL of several interests."""
    rows = best_opal_rows(comparison)
    if not rows:
        return None
    title = "What each hyper-category holds"
    found = [rebuilt for rebuilt in map(rebuilder.rebuild, rows) if rebuilt is not None]
    if not found:
        return Section("categories", title, why_not(rebuilder))
    panels: dict[str, Child] = {f"{r.row.short}, seed {r.seed}": _panel(r) for r in found}
    note = node(
        "p",
        "An item belongs to the category it is assigned to most. Items: the clearest of the more "
        "popular half of the catalogue. Tags: lift, the tag's share here over its share of all "
        "items; 1× is as expected by chance.",
        class_="note",
    )
    return Section("categories", title, join(tabs("categories-tabs", panels), note))


def why_not(rebuilder: Rebuilder) -> Markup:
    """Return why no model could be rebuilt."""
    items = [node("li", problem) for problem in rebuilder.problems]
    return node(
        "div",
        node("p", "The trained models could not be rebuilt, so nothing is shown here:"),
        node("ul", items),
        class_="failures",
    )


def _panel(rebuilt: Rebuilt) -> Markup:
    found = contents(rebuilt)
    cards = [_card(index, content, rebuilt.names) for index, content in enumerate(found)]
    return join(node("div", cards, class_="cards"), reading(_reading(found)))


def _card(index: int, content: Content, names: ItemNames) -> Markup:
    number = node("span", str(index + 1), class_="category", data_colour=colour(index))
    shares = (
        f"{numbers.percent(content.share_of_items)} of items, "
        f"{numbers.percent(content.share_of_interactions)} of interactions, mean assignment "
        f"{content.strength:.2f}"
    )
    bar = node("progress", max="1", value=f"{content.share_of_items:.3f}", class_="share")
    lists: list[Child] = []
    if content.tags:
        lists.append(_tags(content))
    lists.append(node("h4", "Clearest items"))
    lists.append(
        node(
            "ol",
            [
                node(
                    "li",
                    names.title(item),
                    node("small", f" {strength:.2f}"),
                    title=", ".join(names.tags_of(item)) or None,
                )
                for item, strength in zip(content.items, content.strengths, strict=True)
            ],
        )  # fmt: skip
    )
    return node(
        "article", node("h3", number, f"Category {index + 1}"), node("p", shares, class_="note"),
        bar, lists, class_="card", data_colour=colour(index),
    )  # fmt: skip


def _tags(content: Content) -> Markup:
    rows = [
        node(
            "li",
            node("span", tag.tag),
            node("small", f" {tag.lift:.1f}×, on {numbers.percent(tag.share)}"),
        )
        for tag in content.tags[:6]
    ]
    return node("div", node("h4", "Tags by lift"), node("ol", rows))


def _reading(found: list[Content]) -> str:
    shares = [content.share_of_items for content in found]
    largest = max(range(len(found)), key=lambda i: shares[i])
    said = (
        f"Category {largest + 1} is the largest with {numbers.percent(shares[largest])} of the "
        f"items, the smallest holds {numbers.percent(min(shares))} (even would be "
        f"{numbers.percent(1 / len(found))})."
    )
    lifts = [content.tags[0].lift for content in found if content.tags]
    if lifts:
        clear = sum(lift >= 2 for lift in lifts)
        which = f"{clear} of the {len(found)}" if clear else f"none of the {len(found)}"
        said += f" In {which} categories a tag is at least twice as frequent as among all items."
    return said
