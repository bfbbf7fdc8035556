"""The page of a comparison: its sections, and how it was made."""

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.report.document import document
from recbole_opal.report.elements import Section, failures, note, table
from recbole_opal.report.markup import Child, join, node
from recbole_opal.report.readings import cut_short_told

__all__ = ["page"]

_UNTUNED = (
    "No settings were searched for here: every model ran with its own defaults and what it was "
    "given."
)


def page(comparison: ComparisonResult, sections: Sequence[Section], problems: Sequence[str]) -> str:
    """Return the whole document: the sections in their order, then what could not be read."""
    models = list(dict.fromkeys(row.model for row in comparison.rows))
    title = f"{comparison.dataset}: {models[0] if len(models) == 1 else 'models side by side'}"
    every = [*sections, _how_it_was_made(comparison, problems)]
    return document(title, _summary(comparison), every, cut_short_told(comparison.done))


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
