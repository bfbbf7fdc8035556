"""The page: head, navigation, sections, and how it was made."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.report.elements import Section, failures, note, table
from recbole_opal.report.markup import Child, Markup, join, node

__all__ = ["page"]

_UNTUNED = (
    "No settings were searched for: every model ran with its own defaults and what the command "
    "gives."
)


def page(comparison: ComparisonResult, sections: Sequence[Section], problems: Sequence[str]) -> str:
    """Return the whole document: the sections in their order, then what could not be read."""
    title = f"{comparison.dataset}: models side by side"
    every = [*sections, _how_it_was_made(comparison, problems)]
    links = [node("a", section.title, href=f"#{section.anchor}") for section in every]
    style, script = _asset("style.css"), _asset("script.js")
    nav = node("nav", links, aria_label="sections")
    header = node("header", node("h1", title), note(_summary(comparison)), nav)
    main = node("main", [section.render() for section in every])
    body = node("body", header, main, node("script", script))
    head = node(
        "head",
        node("meta", charset="utf-8"),
        _policy(style, script),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("meta", name="color-scheme", content="light dark"),
        node("title", title),
        node("style", style),
    )
    return f"<!doctype html>\n{node('html', head, body, lang='en')}\n"


def _policy(style: str, script: str) -> Markup:
    """Return what a browser is told to allow: our own style and script, known by their digests.

    Whatever a data set's names might smuggle in would neither run nor load nor send anything.
    """
    rules = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return Markup(f'<meta http-equiv="Content-Security-Policy" content="{rules}">')


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> Markup:
    """Return a file that lies beside this one, to be put into the page as it is."""
    return Markup(files("recbole_opal.report").joinpath(name).read_text(encoding="utf-8"))


def _summary(comparison: ComparisonResult) -> str:
    models, seeds = len({row.model for row in comparison.rows}), len(comparison.seeds)
    return (
        f"{models} {'models' if models > 1 else 'model'}, {len(comparison.rows)} rows, {seeds} "
        f"{'seeds' if seeds > 1 else 'seed'}; chosen by {comparison.metric} on validation."
    )


def _how_it_was_made(comparison: ComparisonResult, problems: Sequence[str]) -> Section:
    facts = [("Hardware", comparison.hardware)] if comparison.hardware else []
    facts += comparison.versions.items()
    body: list[Child] = [node("pre", node("code", comparison.command), tabindex="0")]
    if facts:
        body.append(table(["", ""], facts, "hardware and versions", class_="facts"))
    body.append(note(_UNTUNED) if not comparison.tuned else None)
    body += [node("p", line) for line in comparison.tuned]
    if problems:
        body.append(failures(node("h3", "What could not be read"), problems))
    return Section("made", "How it was made", join(body))
