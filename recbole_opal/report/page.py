"""The page: head, navigation, sections, and how it was made."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.parts import Section, scroll_box, table
from recbole_opal.report.source import Comparison

__all__ = ["page"]


def page(comparison: Comparison, sections: Sequence[Section], problems: Sequence[str]) -> str:
    """Return the whole document.

    Args:
        comparison: what it is about.
        sections: in their order.
        problems: what could not be read, one line each.
    """
    title = f"{comparison.dataset}: models side by side"
    made = _how_it_was_made(comparison, problems)
    every = [*sections, made]
    links = [node("a", section.title, href=f"#{section.anchor}") for section in every]
    body = node(
        "body",
        node("header", node("h1", title), node("p", _summary(comparison), class_="note"),
             node("nav", links, aria_label="sections")),
        node("main", [section.render() for section in every]),
        node("script", _asset("script.js")),
    )  # fmt: skip
    head = node(
        "head",
        node("meta", charset="utf-8"),
        _policy(),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("meta", name="color-scheme", content="light dark"),
        node("title", title),
        node("style", _asset("style.css")),
    )
    return f"<!doctype html>\n{node('html', head, body, lang='en')}\n"


def _policy() -> Markup:
    """Return what a browser is told to allow: our own style and script, known by their digests.

    Whatever a data set's names might smuggle in would neither run nor load nor send anything.
    """
    style, script = (_digest(_asset(name)) for name in ("style.css", "script.js"))
    rules = [
        "default-src 'none'", f"style-src {style}", f"script-src {script}", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    return Markup(f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">')


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode()}'"


def _asset(name: str) -> Markup:
    """Return a file that lies beside this one, to be put into the page as it is."""
    return Markup(files("recbole_opal.report").joinpath(name).read_text(encoding="utf-8"))


def _summary(comparison: Comparison) -> str:
    models = len({row.model for row in comparison.rows})
    seeds = len(comparison.seeds)
    return (
        f"{models} {'models' if models > 1 else 'model'}, {len(comparison.rows)} rows, {seeds} "
        f"{'seeds' if seeds > 1 else 'seed'}; chosen by {comparison.metric} on validation."
    )


def _how_it_was_made(comparison: Comparison, problems: Sequence[str]) -> Section:
    body: list[Child] = [node("pre", node("code", comparison.command), tabindex="0")]
    facts = [["Hardware", comparison.hardware]] if comparison.hardware else []
    facts += [[name, version] for name, version in comparison.versions.items()]
    if facts:
        body.append(scroll_box(table(["", ""], facts, class_="facts"), "hardware and versions"))
    body.append(_tuning(comparison))
    if problems:
        items = [node("li", problem) for problem in problems]
        body.append(
            node("div", node("h3", "What could not be read"), node("ul", items), class_="failures")
        )
    return Section("made", "How it was made", join(body))


def _tuning(comparison: Comparison) -> Markup:
    if not comparison.tuning:
        return node("p", "No settings were searched for: every model ran with its own defaults and "
                         "what the command gives.", class_="note")  # fmt: skip
    found = comparison.tuning.get("found") or {}
    rows = [
        [str(label), ", ".join(f"{k}={v}" for k, v in (settings or {}).items()) or "defaults"]
        for label, settings in found.items()
    ]
    said = (
        f"{comparison.tuning.get('trials')} settings were tried for every model, on validation "
        "only. What was found:"
    )
    return join(node("p", said), scroll_box(table(["Model", "Settings"], rows), "settings found"))
