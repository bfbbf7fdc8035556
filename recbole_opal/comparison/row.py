"""A row of the comparison, one stage of one variant over its seeds, as comparison.json holds it.

What a file of another version leaves away or has as null is empty here; a wrong type is refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = ["COSTS", "Checked", "Diagnostics", "Difference", "Row", "Spread", "shortened", "spread"]

Value = TypeVar("Value")
Family = Literal["opal", "multi", "single"]

_PLAIN = ("label", "variant", "model", "stage", "settings", "num_interests", "seeds", "error")
COSTS = (
    "train_seconds",
    "epochs",
    "test_seconds",
    "user_seconds",
    "peak_memory",
    "parameters",
)


def _told(value: Any) -> Any:
    """Return None for a number over seeds or a difference that says null."""
    needed = ("mean", "difference", "low", "high")
    silent = isinstance(value, dict) and any(value.get(name, 0) is None for name in needed)
    return None if silent else value


def _known(value: Any) -> Any:
    """Leave out what is null."""
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if _told(each) is not None}
    return [each for each in value if each is not None] if isinstance(value, list) else value


# No measurement comes near the bound; beyond it means and pictures could not be computed.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e19, le=1e19)]
Interests = Annotated[int, Field(ge=1, le=10**6)]
_Folder = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
MetricName = Annotated[str, Field(pattern=r"^[^@\s]+(@[1-9][0-9]{0,5})?$")]
Known = Annotated[dict[str, Value], BeforeValidator(_known)]
Metrics = Annotated[dict[MetricName, Value], BeforeValidator(_known)]


class Checked(BaseModel):
    """Types as JSON has them, none made from another; what is null or not named is passed over."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, given: Any) -> Any:
        return _known(given)


class Spread(Checked):
    """A number over seeds: mean, sample standard deviation (None for one seed), one a seed."""

    model_config = ConfigDict(frozen=True)

    mean: Number
    sd: Annotated[Number, Field(ge=0)] | None = None
    values: Annotated[list[Number], BeforeValidator(_known)] = []


def shortened(label: str) -> str:
    """Return a label as it fits where place is scarce: `OPAL K=8 soft`."""
    return label.replace("num_interests=", "K=")


def spread(values: Sequence[float | None]) -> Spread | None:
    """Return mean and spread of a number over seeds; None if a seed has none."""
    known = [float(value) for value in values if value is not None and np.isfinite(value)]
    if not known or len(known) != len(values):
        return None
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else None
    return Spread(mean=float(np.mean(known)), sd=deviation, values=known)


class Difference(Checked):
    """The mean over users of a row less another, with the ends of its 95 % interval.

    Attributes:
        effect_size: d_z, the mean difference in standard deviations of the users' differences;
            None where it is infinite, since all of them are the same.
        p: of the paired t-test.
        p_adjusted: corrected by Holm's method over the table.
        marked: whether the interval excludes 0 and `p_adjusted` is small.
    """

    model_config = ConfigDict(frozen=True)

    difference: Number
    low: Number
    high: Number
    effect_size: Number | None = None
    p: Number | None = None
    p_adjusted: Number | None = None
    marked: bool = False

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low > 0 or self.high < 0

    def mirrored(self) -> Difference:
        """Return the difference the other way round: the same test with the signs changed."""
        ends = {"difference": self.difference, "low": self.high, "high": self.low}
        turned = ends | {"effect_size": self.effect_size}
        # Subtracted, so that 0 stays 0 and is not shown as -0.
        changed = {name: value if value is None else 0.0 - value for name, value in turned.items()}
        return self.model_copy(update=changed)


class Diagnostics(Checked):
    """What the interests do, see `evaluation.diagnostics`; over seeds averaged.

    The shares `usage` and `hit_usage` of a row are in descending order, not by interest.
    """

    num_interests: Interests | None = None
    usage: list[Number] | None = None
    usage_entropy: Number | None = None
    hit_usage: list[Number] | None = None
    hit_entropy: Number | None = None
    cosine: Number | None = None
    dead_users: Number | None = None
    collapsed: bool = False


class Row(Checked):
    """One stage of one variant, over its seeds; comparison.json has the same names.

    Costs include the stages that this one started from; memory (bytes) and parameters are those of
    the whole run. `user_seconds` is what the list of one user takes, asked for alone. A cut short
    run was ended by a bound on time or epochs at its best validation so far: with more training it
    might be better.

    Attributes:
        label: unique in the table, as `OPAL num_interests=8 soft`.
        variant: as it was typed, `OPAL@num_interests=8`; its stages share their runs.
        stage: empty where nothing was trained.
        settings: those given to this variant, tuned ones among them.
        runs: seed to the run folder, relative to the comparison folder.
        error: why runs failed, in one line; None if none did.
        cut_short: number of such runs.
        against_best: metric to the difference to the best row on validation.
        against_opal: the same to OPAL's best row; None without OPAL.
    """

    label: str
    variant: str
    model: str
    stage: str = ""
    settings: dict[str, Any] = {}
    num_interests: Interests | None = None
    runs: Known[_Folder] = {}
    error: str | None = None
    valid: Metrics[Spread] = {}
    test: Metrics[Spread] = {}
    train_seconds: Spread | None = None
    epochs: Spread | None = None
    test_seconds: Spread | None = None
    user_seconds: Spread | None = None
    peak_memory: Spread | None = None
    parameters: Spread | None = None
    cut_short: Annotated[int, Field(ge=0, le=10**15)] = 0
    diagnostics: Diagnostics | None = None
    against_best: Metrics[Difference] = {}
    against_opal: Metrics[Difference] | None = None

    @property
    def measured(self) -> bool:
        """Whether at least one run is done."""
        return bool(self.test)

    @property
    def costs(self) -> dict[str, Spread]:
        """What it took, by the names in `COSTS`; what is not known is left out."""
        found = {name: getattr(self, name) for name in COSTS}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def interests(self) -> int:
        """K, 1 for a model without interests."""
        own = self.diagnostics.num_interests if self.diagnostics else None
        return self.num_interests or own or 1

    @property
    def family(self) -> Family:
        """OPAL, another model of several interests, or a model of one score."""
        if self.model == "OPAL":
            return "opal"
        return "multi" if self.interests > 1 else "single"

    @property
    def options(self) -> tuple[str, ...]:
        """What sets the variant apart from its model, `num_interests` left out.

        Taken from how the variant was typed: `settings` also holds what tuning found, which may
        differ for each number of interests.
        """
        typed = self.variant.split("@")[1:]
        return tuple(option for option in typed if not option.startswith("num_interests="))

    @property
    def short(self) -> str:
        """The label where place is scarce: `OPAL K=8 hard`."""
        return shortened(self.label)

    @property
    def named(self) -> str:
        """The short label, with K where it goes without saying: `OPAL K=4 hard`."""
        model, _, rest = self.short.partition(" ")
        known = self.num_interests or 0
        # YouTubeDNN's one vector needs no K, nor does a row that is called by something else.
        needed = known >= (1 if self.model == "OPAL" else 2) and model == self.model
        if " K=" in self.short or not needed:
            return self.short
        return " ".join(filter(None, [model, f"K={known}", rest]))

    def flat(self) -> dict[str, Any]:
        """Return its line of comparison.csv, all numbers unrounded; what it has not is None."""
        texts = {
            "settings": json.dumps(self.settings, default=str),
            "seeds": " ".join(self.runs),
        }
        line = {name: texts.get(name, getattr(self, name, None)) for name in _PLAIN}
        spreads: dict[str, Spread | None] = {f"valid_{m}": v for m, v in self.valid.items()}
        spreads |= {f"test_{metric}": value for metric, value in self.test.items()}
        for name, value in (spreads | {name: getattr(self, name) for name in COSTS}).items():
            line[f"{name}_mean"] = value and value.mean
            line[f"{name}_sd"] = value and value.sd
        for key in ("against_best", "against_opal"):
            for metric, found in (getattr(self, key) or {}).items():
                line |= {f"{key}_{metric}_{name}": value for name, value in found}
        return line
