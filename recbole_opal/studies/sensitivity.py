"""Study 4: how much depends on the settings, two at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import number
from recbole_opal.studies.grids import (
    DEFAULT,
    Grid,
    SensitivityOptions,
    grids,
    values_of,
    with_unique,
)
from recbole_opal.studies.options import refuse_more_interests_than_dimensions
from recbole_opal.studies.outcome import Outcome
from recbole_opal.studies.pictures.landscape import landscape_picture
from recbole_opal.studies.pictures.lines import metric_figure
from recbole_opal.studies.study import Figure, Part, Study
from recbole_opal.studies.surfaces import Surface, noise_of, noise_told
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["Sensitivity"]

_METRICS = ("recall", "ndcg", "coverage", "category_diversity")
_FEWEST_SEEDS = 3


class Sensitivity(Study):
    """Landscapes of K by temperature and of two lambdas, a line of the third, noise of seeds."""

    name = "sensitivity"
    title = "How much depends on the settings"
    question = (
        "How sensitive are the results to the number of interests, the temperature and the "
        "weights of the losses, and do these act on each other?"
    )
    asked_by = "a reader of the paper's sensitivity curves, which vary one setting at a time"
    varied = {
        "num_interests": "interests",
        "temperature": "temperatures",
        "orthogonality_weight": "orthogonality",
        "uniformity_weight": "uniformity",
        "unique_weight": "unique",
    }
    Options = SensitivityOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """Two grids and a line; the default settings with several seeds unless all rows have."""
        found = values_of(options)
        interests = [int(k) for k in found["interests"]]
        refuse_more_interests_than_dimensions(interests, settings.get("hidden_size"))
        parts = [Part([g.variant(*c) for c in g.cells], g.part) for g in grids(options)]
        parts.append(Part([with_unique(each) for each in found["unique"]], "unique"))
        if len(seeds) < _FEWEST_SEEDS:
            parts.append(Part([DEFAULT], "noise", tuple(options.noise_seeds)))
        return parts

    def readings(self, outcome: Outcome) -> list[str]:
        """What seeds alone change, then for each grid the best cell and how flat the land is."""
        said = []
        found = grids(outcome.options)
        for stage in outcome.stages:
            where = f" ({stage})" if len(outcome.stages) > 1 else ""
            noise = noise_of(outcome, found[0], stage)
            said += noise_told(noise, outcome.metric, where)
            for grid in found:
                said += Surface(outcome, grid, stage).told(noise, where)
            said += _unique_told(outcome, stage, where)
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """A landscape of each pair, accuracy in every stage and diversity in the final one."""
        steps = [f"{value:g}" for value in values_of(outcome.options)["unique"]]
        series = {f"OPAL {s}".strip(): _unique_rows(outcome, s) for s in outcome.stages}
        axis = "lambda_q, weight of the unique loss"
        line = metric_figure(outcome.metric, series, steps, axis, list(series)[:-1], name="unique")
        return [*(_landscapes(outcome, grid) for grid in grids(outcome.options)), line]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All cells, and each less the cell of the default settings."""
        metrics = outcome.at_length(*_METRICS)
        tables = []
        for grid in grids(outcome.options):
            tables.append(values_table(outcome, metrics, title=grid.title, part=grid.part))
            found = [Surface(outcome, grid, stage).to_centre() for stage in outcome.stages]
            pairs = [pair for each in found for pair in each]
            if pairs:
                title = f"{grid.title}, less the default settings"
                tables.append(difference_table(pairs, metrics, title=title))
        for part, title in (("unique", "Weight of the unique loss"), ("noise", "Seeds alone")):
            if part in outcome.results:
                tables.append(values_table(outcome, metrics, title=title, part=part))
        return tables


def _landscapes(outcome: Outcome, grid: Grid) -> Figure:
    surfaces = [Surface(outcome, grid, stage) for stage in outcome.stages]
    panels = [surface.landscape(outcome.metric) for surface in surfaces]
    panels += [surfaces[-1].landscape(name) for name in outcome.at_length("category_diversity")]
    svg = landscape_picture(grid.part, grid.title, panels, grid.titles, grid.steps)
    caption = (
        f"{grid.title}, on the test part; darker is better, each panel with its own shades. "
        "Framed: best on validation. Corner: the default settings."
    )
    return Figure(grid.part, svg, caption)


def _unique_rows(outcome: Outcome, stage: str) -> list[Row | None]:
    weights = values_of(outcome.options)["unique"]
    return [outcome.row(with_unique(weight), stage, "unique") for weight in weights]


def _unique_told(outcome: Outcome, stage: str, where: str) -> list[str]:
    metric = outcome.metric
    rows = [row for row in _unique_rows(outcome, stage) if row is not None]
    if len(rows) < 2:
        return []
    values = [row.test[metric].mean for row in rows]
    if len(set(values)) == 1:
        return [f"lambda_q, weight of the unique loss, changes nothing{where}."]
    weight = max(rows, key=outcome.main.by_validation).settings["unique_weight"]
    return [
        f"lambda_q, weight of the unique loss{where}: {title_of(metric)} on test spans "
        f"{number(min(values))} to {number(max(values))}; validation chooses {weight:g}."
    ]
