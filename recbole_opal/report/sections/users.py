"""A few users."""

from collections import Counter
from collections.abc import Callable, Sequence

from recbole_opal.errors import SettingsError
from recbole_opal.report.elements import Section, note, reading
from recbole_opal.report.item_names import ItemNames
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.other_lists import OtherLists
from recbole_opal.report.rows import category_colour
from recbole_opal.report.sections.categories import why_not
from recbole_opal.report.trained_opals import TrainedOpal, telling
from recbole_opal.report.user_journeys import MOST_USERS, Journey, choose, journeys, pick
from recbole_opal.report.wording import percent

__all__ = ["users"]

_NEWEST = 20  # items of a history that are named
_SEVERAL = (
    "Squares: the history, oldest first, each item in the colour and with the number of the "
    "hyper-category it belongs to most. Below, what each interest put into the best {}, each item "
    "at the interest whose score of it is the largest; ✓ marks what the user went on to."
)
_ONE = (
    "Above, the newest of the history, oldest first; below, the best {} of the list; ✓ marks what "
    "the user went on to."
)
_CHOOSE = "Any other user of the test part: the report's command with --user=TOKEN, also several."


def users(
    models: Sequence[TrainedOpal],
    problems: list[str],
    wanted: Sequence[str] = (),
    others: Callable[[TrainedOpal, Sequence[Journey]], OtherLists] = lambda *_: {},
) -> Section:
    """Return the section on the first model that has its files, or why there is none.

    It shows the users `wanted`, by token, or a few that are chosen by rules; a SettingsError says
    that one of them is not in the test part. `others` tells what other models list for them.
    """
    found: list[Journey] = []
    for trained in models:
        with telling(problems, trained.row, trained.seed):
            found = journeys(trained, wanted)
            break
    else:
        if wanted:
            why = problems[-1] if problems else "there is no model to look into"
            raise SettingsError(f"--user: no user can be shown: {why}")
        return Section("users", "A few users", why_not(problems))
    shown = pick(found, wanted, trained.folder.path) if wanted else choose(found)
    found = found[:MOST_USERS]
    best = max((len(journey.listed) for journey in found), default=0)
    several = trained.assignment.shape[1] > 1
    said = note(
        f"{trained.row.named}, seed {trained.seed}. {(_SEVERAL if several else _ONE).format(best)}"
    )
    told = others(trained, [journey for _, journey in shown])
    cards = [
        _user(rule, journey, trained.names, told.get(journey.number, ()), several=several)
        for rule, journey in shown
    ]
    summed = reading(_reading(found, best)) if several else None
    return Section("users", "A few users", join(said, cards, summed, note(_CHOOSE)))


def _user(
    rule: str,
    journey: Journey,
    names: ItemNames,
    others: Sequence[tuple[str, list[int]]],
    *,
    several: bool,
) -> Markup:
    history: list[Markup] = []
    for item, category in zip(journey.history, journey.categories, strict=True):
        about = _about(item, names)
        if several:
            look = {"class_": "square", "data_colour": category_colour(category)}
            history.append(node("span", str(category + 1), title=about, **look))
        else:
            history.append(node("span", names.title(item), title=about, class_="pill"))
    held = Counter(journey.categories)
    rows = [
        _interest(interest, held[interest] / max(len(journey.history), 1), journey, names)
        for interest in sorted({*journey.winners, *held})
    ]
    hits = f"{journey.hits} of {len(journey.targets)} targets found"
    return node(
        "article",
        node("h3", f"User {journey.user}", node("small", f" {rule}; {hits}")),
        node("div", history if several else history[-_NEWEST:], class_="history"),
        node("ul", rows, class_="interests")
        if several
        else node("div", _pills(journey.listed, journey, names), class_="pills"),
        _others(others, journey, names) if others else None,
        class_="user",
    )


def _others(others: Sequence[tuple[str, list[int]]], journey: Journey, names: ItemNames) -> Markup:
    """Return the lists of other models behind a fold."""
    rows = []
    for name, items in others:
        hits = len(set(items) & set(journey.targets))
        head = node("div", node("b", name), node("small", f"{hits} found"), class_="interest")
        rows.append(node("li", head, node("div", _pills(items, journey, names), class_="pills")))
    title = f"The best {max(len(items) for _, items in others)} of the other rows"
    return node("details", node("summary", title), node("ul", rows, class_="interests"))


def _pills(items: Sequence[int], journey: Journey, names: ItemNames) -> list[Markup]:
    """Return the names of listed items, ✓ before what the user went on to."""
    pills = []
    for item in items:
        mark, look = ("✓ ", "pill hit") if item in journey.targets else (None, "pill")
        pills.append(node("span", mark, names.title(item), class_=look, title=_about(item, names)))
    return pills


def _interest(interest: int, share: float, journey: Journey, names: ItemNames) -> Markup:
    won = zip(journey.listed, journey.winners, strict=True)
    pills = _pills([item for item, winner in won if winner == interest], journey, names)
    number = node("span", str(interest + 1), class_="category")
    head = node("div", number, node("small", f"{percent(share)} of the history"), class_="interest")
    none = node("small", f"nothing in the best {len(journey.listed)}", class_="pill none")
    content = node("div", pills or none, class_="pills")
    return node("li", head, content, data_colour=category_colour(interest))


def _about(item: int, names: ItemNames) -> str:
    tags = ", ".join(names.tags_of(item))
    return f"{names.title(item)} ({tags})" if tags else names.title(item)


def _reading(found: Sequence[Journey], best: int) -> str | None:
    if not found:
        return None
    used = sum(journey.used for journey in found) / len(found)
    held = sum(len(set(journey.categories)) for journey in found) / len(found)
    hit = sum(journey.hits > 0 for journey in found) / len(found)
    return (
        f"Of the first {len(found):,} test users, the history holds items of {held:.1f} "
        f"hyper-categories on average and the best {best} come from {used:.1f} interests; "
        f"{percent(hit)} have a hit among them."
    )
