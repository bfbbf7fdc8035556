"""The tables as plain text cells; Markdown, LaTeX, the screen and HTML only lay them out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from recbole_opal.comparison.row import Difference, Row, Spread
from recbole_opal.evaluation.direction import bigger_is_better, cut_off, is_diversity, title_of
from recbole_opal.settings.fields import typed

__all__ = [
    "TextTable",
    "as_interval",
    "as_options",
    "as_p_value",
    "costs_told",
    "once_noted",
    "tables_of",
]

Columns = Sequence[tuple[str, Callable[[Row], str]]]

_NONE = "-"
_SMALLEST_P = 1e-4
_MEBIBYTE = 1 << 20
_WITH_EARLIER_STAGES = (
    "Training and epochs of a later stage include the stages it started from; peak memory and "
    "parameters are those of the whole run."
)
_CUT_SHORT = (
    "Cut short: a bound on time or epochs ended runs at their best validation so far; they might "
    "go further."
)
_ONE_USER = (
    "One user: from a single user's history to the list, encoding and exact search over all items, "
    "the median over users of the fastest of three times, measured in the run after its "
    "evaluation, on the hardware named below."
)
_PAIRED = "Paired over users; * the interval excludes 0 and Holm's p over the table is below 0.05."
_ENTROPIES = "Entropies of the interests' shares of listed items and of hits: 1 is even use."


@dataclass(frozen=True)
class TextTable:
    """One table, a list of texts a row, of which the first names it; notes stand below."""

    title: str
    header: list[str]
    cells: list[list[str]]
    notes: Sequence[str] = ()

    def as_html(self) -> str:
        """Return it as a plain HTML table."""

        def line(kind: str, cells: Sequence[str]) -> str:
            return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"

        rows = [line("th", self.header), *(line("td", cells) for cells in self.cells)]
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table><caption>{escape(self.title)}</caption>{''.join(rows)}</table>{notes}"


def tables_of(
    rows: Sequence[Row],
    metric: str,
    best: Row | None,
    opal: Row | None,
    length: int,
    *,
    briefly: bool = False,
) -> list[TextTable]:
    """Return the tables of a file or, briefly, of a terminal.

    A file has every list length, and differences of every metric at one length; those at the other
    lengths stand in comparison.csv and comparison.json. A terminal has one list length and the
    differences of the deciding metric.

    The others are tested against the rows `best` and `opal`; `length` is that of the lists.
    """
    measured = list(dict.fromkeys(name for row in rows for name in row.test))
    of_length = [name for name in measured if cut_off(name) == length]
    shown = [m for m in measured if cut_off(m) in (None, length)] if briefly else measured
    diverse = [name for name in shown if is_diversity(name)]
    references = {"against_best": best} | ({"against_opal": opal} if opal is not best else {})
    asked = not briefly and any(row.user_seconds for row in rows)  # 80 columns have no room for it
    costs = [(name, cell) for name, cell in _COSTS if asked or name != _USER_COLUMN]
    found = [
        _accuracy(rows, metric, [name for name in shown if name not in diverse]),
        _table("Diversity on test", rows, _metrics(diverse), _lower_is_better(diverse)),
        _table("Time and memory", rows, costs, costs_told(rows, one_user=asked)),
    ]
    for name in [metric] if briefly else of_length or measured:
        found += [_differences(rows, name, ref, key) for key, ref in references.items() if ref]
    several = [row for row in rows if (row.num_interests or 1) > 1 and row.diagnostics]
    found.append(_table("Interests", several, _INTERESTS, [_ENTROPIES]))
    return [table for table in found if table.cells and len(table.header) > 1]


def once_noted(tables: Sequence[TextTable]) -> list[TextTable]:
    """Return tables that follow one another with each note only where it is needed first."""
    told: set[str] = set()
    found = []
    for table in tables:
        found.append(replace(table, notes=[note for note in table.notes if note not in told]))
        told |= set(table.notes)
    return found


def as_options(settings: Mapping[str, object]) -> str:
    """Return settings as they are typed: `--epochs=2 --topk=[5,10]`."""
    return " ".join(f"--{name}={typed(value)}" for name, value in settings.items())


def as_interval(low: float, high: float) -> str:
    """Return `[-0.0003, +0.0021]`, in characters that every terminal and every file has."""
    return f"[{low:+.4f}, {high:+.4f}]"


def as_p_value(p: float) -> str:
    """Return `0.0123`, or `<0.0001`."""
    return f"{p:.4f}" if p >= _SMALLEST_P else f"<{_SMALLEST_P:.4f}"


def costs_told(rows: Sequence[Row], *, one_user: bool = True) -> list[str]:
    """Return the notes that a reader of the rows' costs needs; `one_user` is among the costs."""
    later = any(row.stage for row in rows) and len({row.variant for row in rows}) < len(rows)
    notes = [_WITH_EARLIER_STAGES] if later else []
    notes += [_CUT_SHORT] if any(row.cut_short for row in rows) else []
    return notes + ([_ONE_USER] if one_user and any(row.user_seconds for row in rows) else [])


def _accuracy(rows: Sequence[Row], metric: str, shown: Sequence[str]) -> TextTable:
    """Return the ranking metrics on test, after the deciding metric on validation."""
    name, notes = f"valid {title_of(metric, short=True)}", _lower_is_better([metric, *shown])
    columns = [(name, lambda row: _number(row.valid.get(metric))), *_metrics(shown)]
    table = _table("Accuracy on test", rows, columns, notes)
    for row, cells in zip(rows, table.cells, strict=True):
        if row.error is not None:
            cells[0] += f" (failed: {row.error})"
    return table


def _differences(rows: Sequence[Row], metric: str, reference: Row, key: str) -> TextTable:
    """Return the differences of one metric to a reference row, `against_best` or `against_opal`."""
    differences = [(row.label, (getattr(row, key) or {}).get(metric)) for row in rows]
    cells = [[label, *_difference(found)] for label, found in differences if found]
    title = f"{title_of(metric, short=True)} less that of {reference.label}"
    header = ["", "difference", "95 % interval", "effect size", "p (Holm)"]
    return TextTable(title, header, cells, [_PAIRED, *_lower_is_better([metric])])


def _table(title: str, rows: Sequence[Row], columns: Columns, notes: Sequence[str]) -> TextTable:
    cells = [[row.label, *(cell(row) for _, cell in columns)] for row in rows]
    return TextTable(title, ["", *(name for name, _ in columns)], cells, notes)


def _metrics(names: Sequence[str]) -> Columns:
    def column(name: str) -> Callable[[Row], str]:
        return lambda row: _number(row.test.get(name))

    return [(title_of(name, short=True), column(name)) for name in names]


def _lower_is_better(metrics: Sequence[str]) -> list[str]:
    """Return the note that names the metrics of a table of which less is better, if any."""
    lower = dict.fromkeys(title_of(m, short=True) for m in metrics if not bigger_is_better(m))
    return [f"Lower is better: {', '.join(lower)}."] if lower else []


def _diagnostic(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = getattr(row.diagnostics, name)
        return _NONE if value is None else f"{value:.2f}"

    return cell


def _number(value: Spread | None, form: str = ".4f", scale: float = 1.0) -> str:
    if value is None:
        return _NONE
    text = format(value.mean * scale, form)
    return text if value.sd is None else f"{text} ± {format(value.sd * scale, form)}"


def _difference(found: Difference) -> list[str]:
    size, p = found.effect_size, found.p_adjusted
    if size is None:
        size = math.copysign(math.inf, found.difference)
    return [
        f"{found.difference:+.4f}{' *' if found.marked else ''}",
        as_interval(found.low, found.high),
        f"{size:+.3f}",
        _NONE if p is None else as_p_value(p),
    ]


_USER_COLUMN = "one user ms"
_COSTS: Columns = [
    ("training s", lambda row: _number(row.train_seconds, ".1f")),
    ("epochs", lambda row: _number(row.epochs, ".0f")),
    ("cut short", lambda row: f"{row.cut_short} of {len(row.runs)}" if row.cut_short else ""),
    ("test s", lambda row: _number(row.test_seconds, ".1f")),
    (_USER_COLUMN, lambda row: _number(row.user_seconds, ".2f", 1e3)),
    ("peak MiB", lambda row: _number(row.peak_memory, ".0f", 1 / _MEBIBYTE)),
    ("parameters", lambda row: f"{row.parameters.mean:,.0f}" if row.parameters else _NONE),
]
_INTERESTS: Columns = [
    ("K", lambda row: str(row.num_interests)),
    ("usage entropy", _diagnostic("usage_entropy")),
    ("hit entropy", _diagnostic("hit_entropy")),
    ("cosine", _diagnostic("cosine")),
    ("users with a dead one", _diagnostic("dead_users")),
    ("collapsed", lambda row: "yes" if row.diagnostics and row.diagnostics.collapsed else "no"),
]
