"""Section 7: a few users."""

from __future__ import annotations

from collections import Counter

from recbole_opal.report import numbers
from recbole_opal.report.journeys import Journey, choose, journeys
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.names import ItemNames
from recbole_opal.report.parts import Section, reading
from recbole_opal.report.rebuild import Rebuilder
from recbole_opal.report.sections.categories import best_opal_rows, why_not
from recbole_opal.report.series import colour
from recbole_opal.report.source import Comparison

__all__ = ["users"]


def users(comparison: Comparison, rebuilder: Rebuilder) -> Section | None:
    """Return the section; None where the comparison has no OPAL of several interests."""
    rows = best_opal_rows(comparison)
    if not rows:
        return None
    rebuilt = next((r for r in map(rebuilder.rebuild, rows) if r is not None), None)
    if rebuilt is None:
        return Section("users", "A few users", why_not(rebuilder))
    found = journeys(rebuilt)
    note = node(
        "p",
        f"{rebuilt.row.short}, seed {rebuilt.seed}. Squares: the history, oldest first, each item "
        "in the colour and with the number of the hyper-category it belongs to most. Below, what "
        "each interest put into the best 20; ✓ marks what the user went on to.",
        class_="note",
    )
    cards = [_user(rule, journey, rebuilt.names) for rule, journey in choose(found)]
    return Section("users", "A few users", join(note, cards, reading(_reading(found))))


def _user(rule: str, journey: Journey, names: ItemNames) -> Markup:
    history = [
        node("span", str(category + 1), class_="square", data_colour=colour(category),
             title=_about(item, names))
        for item, category in zip(journey.history, journey.categories, strict=True)
    ]  # fmt: skip
    shares = Counter(journey.categories)
    lists = []
    for interest in sorted(set(journey.winners) | set(shares)):
        won = zip(journey.listed, journey.winners, strict=True)
        items = [item for item, winner in won if winner == interest]
        share = shares[interest] / max(len(journey.history), 1)
        lists.append(_interest(interest, share, items, journey.targets, names))
    hits = f"{journey.hits} of {len(journey.targets)} targets found"
    heading = node("h3", f"User {journey.user}", node("small", f" {rule}; {hits}"))
    return node("article", heading, node("div", history, class_="history"),
                node("ul", lists, class_="interests"), class_="user")  # fmt: skip


def _interest(
    interest: int, share: float, items: list[int], targets: list[int], names: ItemNames
) -> Markup:
    pills = [
        node("span", "✓ " if item in targets else None, names.title(item),
             class_="pill hit" if item in targets else "pill", title=_about(item, names))
        for item in items
    ]  # fmt: skip
    number = node("span", str(interest + 1), class_="category")
    said = node("small", f"{numbers.percent(share)} of the history")
    content = pills or node("small", "nothing in the best 20", class_="pill none")
    return node(
        "li", node("div", number, said, class_="interest"), node("div", content, class_="pills"),
        data_colour=colour(interest),
    )  # fmt: skip


def _about(item: int, names: ItemNames) -> str:
    tags = ", ".join(names.tags_of(item))
    return f"{names.title(item)} ({tags})" if tags else names.title(item)


def _reading(found: list[Journey]) -> str | None:
    if not found:
        return None
    used = sum(journey.used for journey in found) / len(found)
    held = sum(len(set(journey.categories)) for journey in found) / len(found)
    hit = sum(journey.hits > 0 for journey in found) / len(found)
    return (
        f"Of the first {len(found):,} test users, the history holds items of {held:.1f} "
        f"hyper-categories on average and the best 20 come from {used:.1f} interests; "
        f"{numbers.percent(hit)} have a hit among them."
    )
