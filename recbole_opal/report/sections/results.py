"""The table, and its main column as a picture with intervals."""

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row, Spread
from recbole_opal.evaluation.direction import (
    best_of,
    bigger_is_better,
    cut_off,
    is_diversity,
    title_of,
)
from recbole_opal.report import wording
from recbole_opal.report.charts.forest import forest
from recbole_opal.report.elements import (
    Section,
    failures,
    figure,
    folded_table,
    legend,
    note,
    reading,
    table,
)
from recbole_opal.report.looks import keys, shades
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.readings import compared_with_opal, winner
from recbole_opal.report.rows import to_opal

__all__ = ["results"]

_HOLLOW = ("hollow", "hollow: the 95 % interval of the difference includes 0")


def results(comparison: ComparisonResult) -> Section:
    """Return the section."""
    rows = comparison.done
    body: list[Child] = []
    if rows:
        told = [*keys(rows), *([_HOLLOW] if any(row.against_opal for row in rows) else [])]
        said = reading(winner(comparison), compared_with_opal(comparison))
        shaded = shades(rows)
        body.append(
            figure(forest(comparison), said, legend(told), note(shaded) if shaded else None)
        )
        metrics, others = _metrics(comparison, rows)
        body.append(_table(comparison, rows, metrics))
        body.append(note(_how_to_read(comparison, metrics)))
        if others:
            columns = [_column(rows, metric) for metric in others]
            header, lines = zip(("Model", [_name(row) for row in rows]), *columns, strict=True)
            cells = list(zip(*lines, strict=True))
            body.append(folded_table(header, cells, "Other list lengths"))
    lost = comparison.incomplete
    if lost:
        why = [(node("b", r.named), ": ", r.error or "no test metric was written.") for r in lost]
        body.append(failures(node("h3", "Without a result"), why))
    return Section("results", "Results", join(body))


def _metrics(comparison: ComparisonResult, rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Return the main metric and all others at its list length, then those at other lengths."""
    found = dict.fromkeys([comparison.metric, *(metric for row in rows for metric in row.test)])
    found = dict.fromkeys(sorted(found, key=is_diversity))  # accuracy first
    here = [m for m in found if cut_off(m) in (None, comparison.k) and m != comparison.metric]
    shown = [comparison.metric, *here]
    return shown, [metric for metric in found if metric not in shown]


def _table(comparison: ComparisonResult, rows: Sequence[Row], metrics: Sequence[str]) -> Markup:
    main, best, opal = comparison.metric, comparison.best, comparison.opal
    columns: list[tuple[Child, Sequence[Child]]] = [("Model", [_name(row) for row in rows])]
    columns += [_column(rows, metric) for metric in metrics]
    if best is not None and best is not opal:
        differences = [_difference(row.against_best.get(main)) for row in rows]
        columns.insert(2, (_head(f"Difference to {best.named}, the best", main), differences))
    if opal is not None:
        differences = [_difference(to_opal(row, main)) for row in rows]
        columns.insert(2, (_head(f"Difference to {opal.named}", main), differences))
    header, lines = zip(*columns, strict=True)
    return table(header, list(zip(*lines, strict=True)), "all results", class_="sortable")


def _column(rows: Sequence[Row], metric: str) -> tuple[Child, Sequence[Child]]:
    """Return head and cells of a metric, its best value bold."""
    found = [row.test.get(metric) for row in rows]
    top = best_of(filter(None, found), lambda v: v.mean, bigger=bigger_is_better(metric))
    return _head(title_of(metric), metric), [_value(value, top) for value in found]


def _name(row: Row) -> Child:
    return join(row.named, node("small", " cut short")) if row.cut_short else row.named


def _head(name: str, metric: str) -> Markup:
    """Return the head of a column, which a first click sorts best first."""
    return node("th", name, scope="col", data_lower=not bigger_is_better(metric))


def _cell(value: float | None, *shown: Child, class_: str | None = None) -> Markup:
    """Return a cell that sorts by its value."""
    key = None if value is None else f"{value:.9g}"
    return node("td", *shown, class_=class_, data_value=key)


def _value(value: Spread | None, best: Spread | None) -> Markup:
    if value is None:
        return _cell(None, "–")
    is_best = best is not None and value.mean == best.mean
    spread = (
        None
        if value.sd is None
        else node("small", f" ± {wording.number(value.sd)}", class_="under")
    )
    shown = node("b" if is_best else "span", wording.number(value.mean))
    return _cell(value.mean, shown, spread)


def _difference(value: Difference | None) -> Markup:
    """Return `+0.0012 d=0.05 [+0.0003, +0.0021]`; dimmed where the interval holds 0."""
    if value is None:
        return _cell(None, "–")
    effect = value.effect_size
    size = None if effect is None else node("small", f" d={wording.signed(effect, 2)}")
    told = node("small", f" {wording.interval(value.low, value.high)}", class_="under")
    shown = (wording.signed(value.difference), " ●" if value.marked else None, size, told)
    return _cell(value.difference, *shown, class_=None if value.excludes_zero else "unclear")


def _how_to_read(comparison: ComparisonResult, metrics: Sequence[str]) -> str:
    seeds = len(comparison.seeds)
    spread = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    lower = [title_of(metric) for metric in metrics if not bigger_is_better(metric)]
    lowest = f" (the lowest of {wording.listed(lower, len(lower))})" if lower else ""
    said = (
        f"Test part, {spread}. Bold: best of the column{lowest}. "
        "Differences are this row minus the one named, paired by user, with the 95 % interval and "
        "the effect size d (difference in standard deviations of the users' differences); grey: "
        "the interval holds 0."
    )
    if any(d.marked for row in comparison.rows for d in (row.against_opal or {}).values()):
        said += " ● marks a difference that stays after the correction over the table."
    return said
