"""The tables as plain text cells; Markdown, LaTeX and the screen only lay them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recbole_opal.comparison.rows import Row, Spread
from recbole_opal.evaluation.cutoff import cut_off
from recbole_opal.evaluation.direction import bigger_is_better, is_diversity, title_of

__all__ = [
    "Section",
    "accuracy",
    "costs",
    "differences",
    "diversity",
    "interests",
    "metric_title",
    "once_noted",
]

_NONE = "-"
_SMALLEST_P = 1e-4
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Section:
    """One table: the first column names the row.

    Attributes:
        title: above the table.
        header: names of the columns.
        cells: a list of texts a row.
        notes: below the table, a line each.
    """

    title: str
    header: list[str]
    cells: list[list[str]]
    notes: list[str] = field(default_factory=list)


def metric_title(metric: str) -> str:
    """Return a metric's name as it is shown: `recall@50` is `Recall@50`.

    Args:
        metric: its key in metrics.json.
    """
    return title_of(metric, short=True)


def accuracy(rows: Sequence[Row], metric: str, length: int | None = None) -> Section:
    """Return the ranking metrics on test, after the deciding metric on validation.

    Args:
        rows: all rows.
        metric: the metric on validation that decides.
        length: only metrics of this list length; None takes all.
    """
    shown = [name for name in _measured(rows, length) if not is_diversity(name)]
    columns: list[tuple[str, Callable[[Row], str]]] = [
        (f"valid {metric_title(metric)}", lambda row: _number(row.valid.get(metric))),
        *((metric_title(name), _metric_cell(name)) for name in shown),
    ]
    section = _section("Accuracy on test", rows, columns, _lower_is_better([metric, *shown]))
    for row, cells in zip(rows, section.cells, strict=True):
        if row.error is not None:
            cells[0] += f" (failed: {row.error})"
    return section


def diversity(rows: Sequence[Row], length: int | None = None) -> Section | None:
    """Return coverage, Gini index, category diversity and intra-list similarity, if measured.

    Args:
        rows: all rows.
        length: only metrics of this list length; None takes all.
    """
    shown = [name for name in _measured(rows, length) if is_diversity(name)]
    if not shown:
        return None
    columns = [(metric_title(name), _metric_cell(name)) for name in shown]
    return _section("Diversity on test", rows, columns, _lower_is_better(shown))


def costs(rows: Sequence[Row]) -> Section:
    """Return what each row took.

    Args:
        rows: all rows.
    """
    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("training s", lambda row: _number(row.costs.get("train_seconds"), ".1f")),
        ("epochs", lambda row: _number(row.costs.get("epochs"), ".0f")),
        ("cut short", lambda row: f"{row.cut_short} of {len(row.runs)}" if row.cut_short else ""),
        ("test s", lambda row: _number(row.costs.get("test_seconds"), ".1f")),
        ("peak MiB", lambda row: _number(row.costs.get("peak_memory"), ".0f", 1 / _MEBIBYTE)),
        ("parameters", lambda row: _whole(row.costs.get("parameters"))),
    ]
    notes = []
    if any(row.stage for row in rows) and len({row.variant for row in rows}) < len(rows):
        notes.append(
            "Training and epochs of a later stage include the stages it started from; peak memory "
            "and parameters are those of the whole run."
        )
    if any(row.cut_short for row in rows):
        notes.append(
            "Cut short: runs that a bound on time or epochs ended at their best validation so far; "
            "they might go further."
        )
    return _section("Time and memory", rows, columns, notes)


def differences(rows: Sequence[Row], metric: str, reference: Row, key: str) -> Section:
    """Return the differences of one metric to a reference row.

    Args:
        rows: all rows.
        metric: a metric of test.
        reference: the row that is subtracted.
        key: `against_best` or `against_opal`.
    """
    cells = [
        [row.label, *_difference(getattr(row, key)[metric])]
        for row in rows
        if metric in (getattr(row, key) or {})
    ]
    header = ["", "difference", "95 % interval", "effect size", "p (Holm)"]
    notes = [
        "Paired over users; * the interval excludes 0 and Holm's p over the table is below 0.05.",
        *_lower_is_better([metric]),
    ]
    return Section(f"{metric_title(metric)} less that of {reference.label}", header, cells, notes)


def interests(rows: Sequence[Row]) -> Section | None:
    """Return the diagnostics of the interests, None if no model has several.

    Args:
        rows: all rows.
    """
    shown = [row for row in rows if (row.num_interests or 1) > 1 and row.diagnostics]
    if not shown:
        return None
    columns: list[tuple[str, Callable[[Row], str]]] = [("K", lambda row: str(row.num_interests))]
    columns += [
        ("usage entropy", _diagnostic("usage_entropy")),
        ("hit entropy", _diagnostic("hit_entropy")),
        ("cosine", _diagnostic("cosine")),
        ("users with a dead one", _diagnostic("dead_users")),
        ("collapsed", lambda row: "yes" if (row.diagnostics or {}).get("collapsed") else "no"),
    ]
    note = "Entropies of the interests' shares of listed items and of hits: 1 is even use."
    return _section("Interests", shown, columns, [note])


def once_noted(sections: Sequence[Section]) -> list[Section]:
    """Return the sections with each note only where it is needed first.

    Args:
        sections: tables that follow one another.
    """
    told: set[str] = set()
    found = []
    for section in sections:
        found.append(replace(section, notes=[note for note in section.notes if note not in told]))
        told |= set(section.notes)
    return found


def _section(
    title: str,
    rows: Sequence[Row],
    columns: Sequence[tuple[str, Callable[[Row], str]]],
    notes: Sequence[str] = (),
) -> Section:
    cells = [[row.label, *(cell(row) for _, cell in columns)] for row in rows]
    return Section(title, ["", *(name for name, _ in columns)], cells, list(notes))


def _lower_is_better(metrics: Sequence[str]) -> list[str]:
    """Return the note that names the metrics of a table of which less is better, if any."""
    lower = dict.fromkeys(metric_title(m) for m in metrics if not bigger_is_better(m))
    return [f"Lower is better: {', '.join(lower)}."] if lower else []


def _measured(rows: Sequence[Row], length: int | None) -> list[str]:
    """Return the metrics of test, in the order of the first row that has them."""
    names = dict.fromkeys(name for row in rows for name in row.test)
    return [name for name in names if length is None or cut_off(name) in (None, length)]


def _metric_cell(name: str) -> Callable[[Row], str]:
    return lambda row: _number(row.test.get(name))


def _diagnostic(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = (row.diagnostics or {}).get(name)
        return _NONE if value is None else f"{value:.2f}"

    return cell


def _number(value: Spread | None, form: str = ".4f", scale: float = 1.0) -> str:
    if value is None:
        return _NONE
    text = format(value.mean * scale, form)
    return text if value.sd is None else f"{text} ± {format(value.sd * scale, form)}"


def _whole(value: Spread | None) -> str:
    return _NONE if value is None else f"{value.mean:,.0f}"


def _difference(found: dict[str, Any]) -> list[str]:
    mark = " *" if found["marked"] else ""
    return [
        f"{found['difference']:+.4f}{mark}",
        f"[{found['low']:+.4f}, {found['high']:+.4f}]",
        f"{found['effect_size']:+.3f}",
        f"{found['p_adjusted']:.4f}" if found["p_adjusted"] >= _SMALLEST_P else "<0.0001",
    ]
