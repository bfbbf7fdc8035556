"""Section 1: the table, and its main column as a picture with intervals."""

from collections.abc import Callable, Mapping, Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row, Spread
from recbole_opal.evaluation.direction import best_of, bigger_is_better, is_diversity
from recbole_opal.report import wording
from recbole_opal.report.charts.forest import forest
from recbole_opal.report.elements import Section, failures, legend, note, reading, table
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.readings import compared_with_opal, winner
from recbole_opal.report.rows import keys

__all__ = ["results"]

_COSTS: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "train_seconds": ("Training", wording.seconds),
    "epochs": ("Epochs", wording.count),
    "test_seconds": ("Evaluation", wording.seconds),
    "peak_memory": ("Peak memory", wording.size),
    "parameters": ("Parameters", wording.count),
}
_HOLLOW = ("hollow", "hollow: the 95 % interval of the difference includes 0")


def results(comparison: ComparisonResult) -> Section:
    """Return the section."""
    rows = comparison.done
    body: list[Child] = []
    if rows:
        told = [*keys(rows), *([_HOLLOW] if any(row.against_opal for row in rows) else [])]
        said = reading(winner(comparison), compared_with_opal(comparison))
        body.append(node("figure", legend(told), forest(comparison), said))
        metrics = _metrics(comparison, rows)
        body.append(_table(comparison, rows, metrics))
        body.append(note(_how_to_read(comparison, rows, metrics)))
    failed = comparison.incomplete
    if failed:
        items = [[node("b", row.short), ": ", row.error or "no test metric was written."]
                 for row in failed]  # fmt: skip
        body.append(failures(node("h3", "Without a result"), items))
    return Section("results", "Results", join(body))


def _metrics(comparison: ComparisonResult, rows: Sequence[Row]) -> list[str]:
    """Return the main metric, the other accuracies, then diversity at the main length."""
    found = dict.fromkeys([comparison.metric, *(metric for row in rows for metric in row.test)])
    diverse = [m for m in found if is_diversity(m)]
    others = [m for m in found if m not in diverse]
    at = f"@{comparison.k}"
    return list(dict.fromkeys([comparison.metric, *others,
                               *(m for m in diverse if m.endswith(at))]))  # fmt: skip


def _table(comparison: ComparisonResult, rows: Sequence[Row], metrics: Sequence[str]) -> Markup:
    columns: list[tuple[Child, list[Child]]] = [("Model", [_name(row) for row in rows])]
    for metric in metrics:
        columns.append((_head(wording.metric_name(metric), metric), _values(rows, metric)))
    main = comparison.metric
    columns[2:2] = [
        (_head(f"Difference to {name}", main), [_difference(each.get(main)) for each in found])
        for name, found in _references(comparison, rows)
    ]
    for cost, (title, told) in _COSTS.items():
        if any(row.costs.get(cost) for row in rows):
            columns.append((title, [_cost(row.costs.get(cost), told) for row in rows]))
    header, cells = zip(*columns, strict=True)
    return table(header, list(zip(*cells, strict=True)), "all results", class_="sortable")


def _name(row: Row) -> Child:
    return join(row.short, node("small", " cut short")) if row.cut_short else row.short


def _head(name: str, metric: str) -> Markup:
    """Return the head of a column, which a first click sorts best first."""
    return node("th", name, scope="col", data_lower=not bigger_is_better(metric))


def _references(
    comparison: ComparisonResult, rows: Sequence[Row]
) -> list[tuple[str, list[Mapping[str, Difference]]]]:
    """Return what rows are compared with: OPAL's best row, and the best row if it is another."""
    best, opal = comparison.best, comparison.opal
    found: list[tuple[str, list[Mapping[str, Difference]]]] = []
    if opal is not None:
        found.append((opal.short, [row.against_opal or {} for row in rows]))
    if best is not None and best is not opal:
        found.append((f"{best.short}, the best", [row.against_best for row in rows]))
    return found


def _values(rows: Sequence[Row], metric: str) -> list[Child]:
    """Return the cells of a metric, the best of them bold."""
    found = [row.test.get(metric) for row in rows]
    best = best_of(found, lambda v: v.mean if v else None, bigger=bigger_is_better(metric))
    return [
        node("td", "–") if value is None else node(
            "td",
            node("b" if best and value.mean == best.mean else "span", wording.number(value.mean)),
            None if value.sd is None else node("small", f" ± {wording.number(value.sd)}"),
            data_value=_sort_key(value.mean),
        )
        for value in found
    ]  # fmt: skip


def _difference(value: Difference | None) -> Markup:
    """Return `+0.0012 [+0.0003, +0.0021] d=0.05`; dimmed where the interval holds 0."""
    if value is None:
        return node("td", "–")
    interval = f" [{wording.signed(value.low)}, {wording.signed(value.high)}]"
    effect = "" if value.effect_size is None else f" d={wording.signed(value.effect_size, 2)}"
    return node(
        "td", wording.signed(value.difference), " ●" if value.marked else None,
        node("small", interval + effect), class_=None if value.excludes_zero else "unclear",
        data_value=_sort_key(value.difference),
    )  # fmt: skip


def _cost(value: Spread | None, told: Callable[[float | None], str]) -> Markup:
    mean = value.mean if value else None
    return node("td", told(mean), data_value=None if mean is None else _sort_key(mean))


def _sort_key(value: float) -> str:
    return f"{value:.9g}"


def _how_to_read(comparison: ComparisonResult, rows: Sequence[Row], metrics: Sequence[str]) -> str:
    seeds = len(comparison.seeds)
    spread = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    lower = [wording.metric_name(metric) for metric in metrics if not bigger_is_better(metric)]
    lowest = f" (the lowest of {wording.listed(lower, len(lower))})" if lower else ""
    said = (
        f"Test part, {spread}. Bold: best of the column{lowest}. "
        "Differences are this row minus the one named, paired by user, with the 95 % interval and "
        "the effect size d (difference in standard deviations of the users' differences); grey: "
        "the interval holds 0."
    )
    if any(d.marked for row in comparison.rows for d in (row.against_opal or {}).values()):
        said += " ● marks a difference that stays after the correction over the table."
    if any(row.cut_short for row in comparison.rows):
        said += (
            " Cut short: a bound on time or epochs ended some of its runs at their best validation "
            "so far; they might go further."
        )
    if len({row.variant for row in rows}) < len(rows):
        said += (
            " Training and epochs of a later stage include the stages it started from; peak memory "
            "and parameters are those of the whole run."
        )
    return said
