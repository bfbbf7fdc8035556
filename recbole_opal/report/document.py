"""One file of HTML that needs no network: head, navigation, sections."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from recbole_opal.report.elements import Section, banner, note
from recbole_opal.report.markup import Markup, node

__all__ = ["document"]


def document(
    title: str, summary: str, sections: Sequence[Section], warning: str | None = None
) -> str:
    """Return the whole document: heading, a line under it, a warning, the sections in order."""
    links = [node("a", section.title, href=f"#{section.anchor}") for section in sections]
    style, script = _asset("style.css"), _asset("script.js")
    nav = node("nav", links, aria_label="sections")
    header = node("header", node("h1", title), note(summary), banner(warning), nav)
    main = node("main", [section.render() for section in sections])
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
