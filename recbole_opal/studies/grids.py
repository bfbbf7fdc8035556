"""Which settings a sensitivity study tries: two grids, a line, and seeds of the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from recbole_opal.host.yaml_settings import default_settings
from recbole_opal.settings.fields import setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.options import Counts, Decimals
from recbole_opal.studies.study import StudyOptions

__all__ = ["DEFAULT", "Grid", "SensitivityOptions", "grids", "values_of", "with_unique"]

DEFAULT = Variant("OPAL")
"""The row in which no setting is changed."""

_FULL: dict[str, list[float]] = {
    "interests": [1, 2, 4, 8],
    "temperatures": [0.05, 0.08, 0.12, 0.2, 0.3],
    "orthogonality": [0.0, 1.0, 10.0, 100.0],
    "uniformity": [0.0, 0.1, 1.0, 10.0],
    "unique": [0.0, 0.1, 1.0, 10.0],
}
_SMALL: dict[str, list[float]] = {
    "interests": [1, 4],
    "temperatures": [0.08, 0.12, 0.2],
    "orthogonality": [0.0, 10.0],
    "uniformity": [0.0, 1.0],
    "unique": [0.0, 1.0],
}
_SETTINGS = {
    "interests": "num_interests",
    "temperatures": "temperature",
    "orthogonality": "orthogonality_weight",
    "uniformity": "uniformity_weight",
    "unique": "unique_weight",
}


class SensitivityOptions(StudyOptions):
    """The flags of `sensitivity`."""

    grid: Literal["full", "small"] = setting(
        "full", "full: 20 + 16 + 4 settings; small: 6 + 4 + 2; the lists replace its own"
    )
    interests: Counts | None = setting(None, "numbers K of interests", examples=["1,2,4,8"])
    temperatures: Decimals | None = setting(None, "temperatures", examples=["0.05,0.1"])
    orthogonality: Decimals | None = setting(None, "values of lambda_o", examples=["0,1,10"])
    uniformity: Decimals | None = setting(None, "values of lambda_f", examples=["0,1,10"])
    unique: Decimals | None = setting(None, "values of lambda_q", examples=["0,1,10"])
    noise_seeds: Counts = setting(
        [1, 2, 3], "seeds of the default settings, which tell how far seeds alone lie apart"
    )


@dataclass(frozen=True)
class Grid:
    """Two settings and their values, each as (x, y): x runs to the right, y downwards.

    Attributes:
        part: the name of its comparison.
        settings: their names.
        titles: what they are, after a short name and a comma where there is one.
        values: each in ascending order.
    """

    part: str
    settings: tuple[str, str]
    titles: tuple[str, str]
    values: tuple[Sequence[float], Sequence[float]]

    @property
    def title(self) -> str:
        """Both settings by their short names."""
        x, y = self.names
        return f"{y} by {x}"

    @property
    def names(self) -> tuple[str, str]:
        """The short names of x and y, as `K`."""
        x, y = (title.partition(",")[0] for title in self.titles)
        return x, y

    @property
    def cells(self) -> list[tuple[int, int]]:
        """All (y, x), row by row."""
        return [(y, x) for y in range(len(self.values[1])) for x in range(len(self.values[0]))]

    @property
    def steps(self) -> tuple[list[str], list[str]]:
        """The values of x and of y as texts."""
        across, down = ([f"{value:g}" for value in values] for values in self.values)
        return across, down

    def variant(self, y: int, x: int) -> Variant:
        """Return the row of a cell."""
        (one, other), (across, down) = self.settings, self.values
        return Variant("OPAL", {other: down[y], one: across[x]})

    @property
    def centre(self) -> tuple[int, int] | None:
        """The cell of the default settings, None if the grid has none."""
        wanted = {name: _defaults()[name] for name in self.settings}
        return next((c for c in self.cells if dict(self.variant(*c).settings) == wanted), None)


@cache
def _defaults() -> dict[str, Any]:
    return default_settings("OPAL")


def values_of(options: Any) -> dict[str, list[float]]:
    """Return the values of each list of the options.

    Where none are given they are those of the options' grid and the default, so that the default
    settings have a cell of their own whatever they are.
    """
    preset = _FULL if options.grid == "full" else _SMALL
    return {
        name: getattr(options, name) or sorted({*values, _defaults()[_SETTINGS[name]]})
        for name, values in preset.items()
    }


def grids(options: Any) -> list[Grid]:
    """Return K by temperature, and the weights of the two losses of both stages."""
    found = values_of(options)
    interests = Grid(
        "interests-temperature",
        ("temperature", "num_interests"),
        ("temperature", "K, interests"),
        (found["temperatures"], [int(k) for k in found["interests"]]),
    )
    lambdas = Grid(
        "lambdas",
        ("uniformity_weight", "orthogonality_weight"),
        ("lambda_f, uniformity", "lambda_o, orthogonality"),
        (found["uniformity"], found["orthogonality"]),
    )
    return [interests, lambdas]


def with_unique(weight: float) -> Variant:
    """Return OPAL with a weight of the unique loss."""
    return Variant("OPAL", {"unique_weight": weight})
