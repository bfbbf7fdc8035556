"""What a grid of settings measured: its landscape, and the sentences that it allows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

from recbole_opal.comparison.row import Row, Spread
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.report.wording import listed, number
from recbole_opal.studies.grids import DEFAULT, Grid
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.pictures.landscape import Landscape
from recbole_opal.studies.saying import difference_told

__all__ = ["Surface", "noise_of", "noise_told"]

_WIDTH = 1.96  # standard deviations that hold 95 % of a normal variable


@dataclass(frozen=True)
class Surface:
    """The cells of a grid in one stage, as far as their runs are done."""

    outcome: Outcome
    grid: Grid
    stage: str

    @cached_property
    def rows(self) -> dict[tuple[int, int], Row]:
        """The row of each cell (y, x)."""
        part = self.grid.part
        found = {
            c: self.outcome.row(self.grid.variant(*c), self.stage, part) for c in self.grid.cells
        }
        return {cell: row for cell, row in found.items() if row is not None}

    @cached_property
    def chosen(self) -> tuple[int, int] | None:
        """The cell that is best on validation."""
        by_validation = self.outcome.main.by_validation
        return max(self.rows, key=lambda cell: by_validation(self.rows[cell]), default=None)

    @property
    def centre(self) -> tuple[int, int] | None:
        """The cell of the default settings, if its run is done."""
        return self.grid.centre if self.grid.centre in self.rows else None

    def landscape(self, metric: str) -> Landscape:
        """Return the panel of a metric on the test part."""
        across, down = map(len, self.grid.values)
        values = [[self._value((y, x), metric) for x in range(across)] for y in range(down)]
        shown = f", {self.stage}" if self.stage else ""
        title = f"{title_of(metric)}{shown}"
        return Landscape(title, values, bigger_is_better(metric), self.chosen, self.centre)

    def to_centre(self) -> list[Pair]:
        """Test each other cell against that of the default settings."""
        asked = []
        for stage in self.outcome.stages:
            surface = replace(self, stage=stage)
            if surface.centre is not None:
                centre = surface.rows[surface.centre]
                asked += [(row, centre) for row in surface.rows.values() if row is not centre]
        pairs = self.outcome.pairs(asked, self.grid.part)  # of all stages, since it is slow
        return [pair for pair in pairs if pair.row.stage == self.stage]

    def told(self, noise: Spread | None, where: str) -> list[str]:
        """Return the best cell, how far the cells lie apart, and whether the settings interact."""
        if self.chosen is None:
            return []
        metric, name = self.outcome.metric, f"{self.grid.title}{where}"
        values = [self._value(cell, metric) for cell in self.rows]
        best = f"{self._name(self.chosen)}: {number(self._value(self.chosen, metric))}"
        said = [
            f"{name}: {title_of(metric)} on test spans {number(min(values))} to "
            f"{number(max(values))} over {len(values)} settings; validation chooses {best}"
            f"{self._against_centre(metric)}."
        ]
        return [*said, *self._flatness(noise, metric, name), *self._interaction(name)]

    def _against_centre(self, metric: str) -> str:
        if self.centre is None:
            return ""
        if self.chosen == self.centre:
            return ", the default settings"
        chosen = self.rows[self.chosen] if self.chosen else None
        pair = next(each for each in self.to_centre() if each.row is chosen)
        return f". Against the default settings {difference_told(pair.differences[metric], metric)}"

    def _flatness(self, noise: Spread | None, metric: str, name: str) -> list[str]:
        """Say how many cells seeds alone could explain."""
        if noise is None or noise.sd is None or self.centre is None or len(self.rows) < 2:
            return []
        seeds = len(self.rows[self.centre].runs)
        reach = _WIDTH * math.sqrt(2 / seeds) * noise.sd
        middle = self._value(self.centre, metric)
        others = [self._value(cell, metric) for cell in self.rows if cell != self.centre]
        near = sum(abs(value - middle) <= reach for value in others)
        return [
            f"{name}: {near} of the {len(others)} other settings lie within {number(reach)} of the "
            "default ones, as far as two trainings of the same settings do (roughly, from "
            f"{len(noise.values)} seeds)."
        ]

    def _interaction(self, name: str) -> list[str]:
        """Say whether the best x is the same for every y."""
        across, down = self.grid.steps
        by_validation = self.outcome.main.by_validation
        best: dict[str, str] = {}
        for y, label in enumerate(down):
            line = [cell for cell in self.rows if cell[0] == y]
            if line:
                best[label] = across[max(line, key=lambda c: by_validation(self.rows[c]))[1]]
        if len(best) < 2 or len(across) < 2:
            return []
        x_title, y_title = self.grid.names
        if len(set(best.values())) == 1:
            same = next(iter(best.values()))
            return [
                f"{name}: whatever {y_title} is, validation chooses the same {x_title}, {same}."
            ]
        told = listed([f"{value} at {label}" for label, value in best.items()], len(best) + 1)
        return [f"{name}: the {x_title} that validation chooses changes with {y_title}: {told}."]

    def _name(self, cell: tuple[int, int]) -> str:
        (x, y), (across, down) = self.grid.names, self.grid.steps
        return f"{y} = {down[cell[0]]}, {x} = {across[cell[1]]}"

    def _value(self, cell: tuple[int, int], metric: str) -> float:
        value = self.rows[cell].test.get(metric) if cell in self.rows else None
        return value.mean if value else math.nan


def noise_of(outcome: Outcome, grid: Grid, stage: str) -> Spread | None:
    """Return what the default settings measured over several seeds; None where none did."""
    if "noise" in outcome.results:
        row = outcome.row(DEFAULT, stage, "noise")
    else:
        surface = Surface(outcome, grid, stage)
        row = surface.rows.get(surface.centre) if surface.centre else None
    value = row.test.get(outcome.metric) if row else None
    return value if value is not None and value.sd is not None else None


def noise_told(noise: Spread | None, metric: str, where: str) -> list[str]:
    """Say how far trainings of the same settings lie apart."""
    if noise is None or noise.sd is None:
        return [
            f"How far seeds alone lie apart is not known{where}: small differences say nothing."
        ]
    gap = max(noise.values) - min(noise.values)
    return [
        f"Seeds alone{where}: {len(noise.values)} trainings of the default settings have "
        f"{title_of(metric)} {number(noise.mean)} ± {number(noise.sd)}, at most "
        f"{number(gap)} apart."
    ]
