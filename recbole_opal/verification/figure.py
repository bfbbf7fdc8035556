"""A figure that a results page states, with the interval it must fall into when made again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = ["Figure"]

_COMMANDS = ("run", "synthesize", "convert")


def _words(text: str) -> str:
    shlex.split(text)  # a quote that is not closed
    return text


def _command(text: str) -> str:
    if not _words(text).startswith(tuple(f"{name} " for name in _COMMANDS)):
        raise ValueError(f"write one of our commands: {' | '.join(_COMMANDS)}")
    return text


Line = Annotated[str, Field(min_length=1, max_length=2000)]
Command = Annotated[Line, AfterValidator(_command)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Figure(BaseModel):
    """What stands in a page's block, see `figures_in`.

    Attributes:
        figure: what it is, for a reader.
        prepare: our commands that draw the data, in the folder that the run is made in.
        run: a command line of ours that trains, `run --dataset=...`; or
        script: a Python file of the checkout and its arguments, which leaves a JSON file.
        reads: of a run `STAGE PART METRIC`, of metrics.json; of a script `FILE KEY`.
        stated: the number on the page.
        interval: its ends; the figure that is made again must not lie outside.
        because: where the interval comes from.
        seconds: what it takes, roughly.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    figure: Line
    prepare: list[Command] = []
    run: Command | None = None
    script: Annotated[Line, AfterValidator(_words)] | None = None
    reads: Annotated[list[str], BeforeValidator(lambda text: str(text).split())]
    stated: Number
    interval: Annotated[list[Number], Field(min_length=2, max_length=2)]
    because: Line
    seconds: Annotated[Number, Field(gt=0, le=3600)]

    @model_validator(mode="after")
    def _agrees(self) -> Figure:
        if (self.run is None) == (self.script is None):
            raise ValueError("name `run` or `script`, one of them")
        places = "STAGE PART METRIC" if self.run else "FILE KEY"
        if len(self.reads) != len(places.split()):
            raise ValueError(f"reads must be `{places}`")
        if self.run is not None and "dataset" not in self._flags:
            raise ValueError("run must name its --dataset=NAME")
        if self.script is not None and ".." in Path(self._script).parts:
            raise ValueError("script must lie in the checkout")
        low, high = self.interval
        if not low <= self.stated <= high:
            raise ValueError(f"stated {self.stated:g} is not in its own interval")
        return self

    @property
    def _flags(self) -> dict[str, str]:
        words = shlex.split(self.run or "")
        return {name: value for name, _, value in (word[2:].partition("=") for word in words)}

    @property
    def _script(self) -> str:
        return shlex.split(self.script or "")[0]

    @property
    def needs(self) -> str | None:
        """The data set that must be at hand; None where it is drawn first, or there is none."""
        return self._flags["dataset"] if self.run and not self.prepare else None

    def holds(self, value: float) -> bool:
        """Tell whether a value falls within the interval."""
        return self.interval[0] <= value <= self.interval[1]

    def value_in(self, metrics: Any) -> float:
        """Return the figure out of the content of the JSON file that was left behind.

        Raises:
            KeyError, TypeError, ValueError: it is not there, or is no number.
        """
        if self.script is not None:
            return float(metrics[self.reads[1]])
        stage, part, metric = self.reads
        return float(metrics["stages"][stage][part][metric])
