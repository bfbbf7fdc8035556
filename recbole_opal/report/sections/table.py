"""Section 1: the table, and its main column as a picture with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recbole_opal.evaluation.direction import best_of, bigger_is_better, is_diversity
from recbole_opal.report import numbers
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.parts import Section, figure, legend, reading, scroll_box, table
from recbole_opal.report.readings import compared_with_opal, listed, winner
from recbole_opal.report.sections.forest import forest
from recbole_opal.report.series import FAMILIES
from recbole_opal.report.source import Comparison, Difference, Row

__all__ = ["results"]

_COSTS: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "train_seconds": ("Training", numbers.seconds),
    "epochs": ("Epochs", numbers.count),
    "test_seconds": ("Evaluation", numbers.seconds),
    "peak_memory": ("Peak memory", numbers.size),
    "parameters": ("Parameters", numbers.count),
}


def results(comparison: Comparison) -> Section:
    """Return the section."""
    done = comparison.done
    body: list[Child] = []
    if done:
        keys: list[tuple[str, str]] = [(family, FAMILIES[family]) for family in FAMILIES]
        keys = [key for key in keys if any(row.family == key[0] for row in done)]
        if any(row.against_opal for row in done):
            keys.append(("hollow", "hollow: the 95 % interval of the difference includes 0"))
        body.append(
            figure(
                join(legend(keys), forest(comparison)),
                reading(winner(comparison), *compared_with_opal(comparison)),
            )
        )
        body.append(_table(comparison, done))
        body.append(node("p", _how_to_read(comparison, _metrics(comparison, done)), class_="note"))
    if comparison.failed:
        body.append(_failures(comparison.failed))
    return Section("results", "Results", join(body))


def _table(comparison: Comparison, rows: Sequence[Row]) -> Markup:
    metrics = _metrics(comparison, rows)
    costs = [name for name in _COSTS if any(name in row.costs for row in rows)]
    main, rest = metrics[0], metrics[1:]
    references = _references(comparison)
    header: list[Child] = ["Model", _head(numbers.metric_name(main), main)]
    header += [_head(f"Difference to {name}", main) for name, _ in references]
    header += [_head(numbers.metric_name(metric), metric) for metric in rest]
    header += [_COSTS[name][0] for name in costs]
    best = {metric: _best(rows, metric) for metric in metrics}
    cells: list[list[Child]] = []
    for row in rows:
        name = join(row.short, node("small", " cut short")) if row.cut_short else row.short
        line: list[Child] = [name, _metric(row, main, best)]
        line += [_difference(of(row).get(main)) for _, of in references]
        line += [_metric(row, metric, best) for metric in rest]
        for cost in costs:
            value = row.costs.get(cost)
            mean = value.mean if value else None
            line.append(node("td", _COSTS[cost][1](mean), data_value=_sort_key(mean)))
        cells.append(line)
    return scroll_box(table(header, cells, class_="sortable"), "all results")


def _head(name: str, metric: str) -> Markup:
    """Return the head of a column, which a first click sorts best first."""
    return node("th", name, scope="col", data_lower=not bigger_is_better(metric))


def _references(
    comparison: Comparison,
) -> list[tuple[str, Callable[[Row], dict[str, Difference]]]]:
    """Return what rows are compared with: OPAL's best row, and the best row if it is another."""
    best, opal = comparison.best, comparison.opal
    found: list[tuple[str, Callable[[Row], dict[str, Difference]]]] = []
    if opal is not None:
        found.append((opal.short, lambda row: row.against_opal))
    if best is not None and best is not opal:
        found.append((f"{best.short}, the best", lambda row: row.against_best))
    return found


def _metrics(comparison: Comparison, rows: Sequence[Row]) -> list[str]:
    """Return the main metric, the other accuracies, then diversity at the main length."""
    found = list(dict.fromkeys(metric for row in rows for metric in row.test))
    diverse = [m for m in found if is_diversity(m)]
    diverse = [m for m in diverse if m.endswith(f"@{comparison.k}")]
    others = [m for m in found if not is_diversity(m) and m != comparison.metric]
    return [comparison.metric, *others, *diverse]


def _best(rows: Sequence[Row], metric: str) -> float | None:
    means = [row.test[metric].mean for row in rows if metric in row.test]
    return best_of(means, lambda mean: mean, bigger=bigger_is_better(metric))


def _metric(row: Row, metric: str, best: dict[str, float | None]) -> Markup:
    value = row.test.get(metric)
    if value is None:
        return node("td", "–")
    spread = node("small", f" ± {numbers.number(value.sd)}") if value.sd is not None else None
    is_best = value.mean == best[metric]
    return node(
        "td", node("b" if is_best else "span", numbers.number(value.mean)), spread,
        data_value=_sort_key(value.mean),
    )  # fmt: skip


def _difference(value: Difference | None) -> Markup:
    """Return `+0.0012 [+0.0003, +0.0021] d=0.05`; dimmed where the interval holds 0."""
    if value is None:
        return node("td", "–")
    interval = f" [{numbers.signed(value.low)}, {numbers.signed(value.high)}]"
    effect = f" d={numbers.signed(value.effect_size, 2)}" if value.effect_size is not None else ""
    return node(
        "td",
        numbers.signed(value.difference),
        " ●" if value.marked else None,
        node("small", interval + effect),
        class_=None if value.excludes_zero else "unclear",
        data_value=_sort_key(value.difference),
    )


def _sort_key(value: float | None) -> str | None:
    return None if value is None else f"{value:.9g}"


def _how_to_read(comparison: Comparison, metrics: Sequence[str]) -> str:
    seeds = len(comparison.seeds)
    spread = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    lower = [numbers.metric_name(metric) for metric in metrics if not bigger_is_better(metric)]
    lowest = f" (the lowest of {listed(lower, len(lower))})" if lower else ""
    notes = ""
    if any(d.marked for row in comparison.rows for d in row.against_opal.values()):
        notes = " ● marks a difference that stays after the correction over the table."
    if any(row.cut_short for row in comparison.rows):
        notes += (
            " Cut short: a bound on time or epochs ended some of its runs at their best validation "
            "so far; they might go further."
        )
    if len({row.variant for row in comparison.done}) < len(comparison.done):
        notes += (
            " Training and epochs of a later stage include the stages it started from; peak memory "
            "and parameters are those of the whole run."
        )
    return (
        f"Test part, {spread}. Bold: best of the column{lowest}. "
        "Differences are this row minus the one named, paired by user, with the 95 % interval and "
        "the effect size d (difference in standard deviations of the users' differences); grey: "
        f"the interval holds 0.{notes}"
    )


def _failures(rows: Sequence[Row]) -> Markup:
    items = [
        node("li", node("b", row.short), ": ", row.error or "no test metric was written.")
        for row in rows
    ]
    return node("div", node("h3", "Without a result"), node("ul", items), class_="failures")
