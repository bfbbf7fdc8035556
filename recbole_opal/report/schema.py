"""What `comparison.json` and a run's `training.jsonl` must look like, checked as a whole."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from recbole_opal.evaluation.metric import MetricTraits

__all__ = ["ComparisonFile", "DifferenceFile", "RowFile", "ValueFile", "checked_lines"]

# No measurement comes near the bound; beyond it pictures could not be computed.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Interests = Annotated[int, Field(ge=1, le=10**6)]
Metric = Annotated[str, Field(pattern=r"^[^@\s]+(@[1-9][0-9]{0,5})?$")]
Folder = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=4096)]


class _Plain(BaseModel):
    """Types as JSON has them, none made from another; what is not named is passed over."""

    model_config = ConfigDict(strict=True, frozen=True)


class ValueFile(_Plain):
    """A number over the seeds; without a mean there is none."""

    mean: Number | None = None
    sd: Annotated[Number, Field(ge=0)] | None = None
    values: list[Number | None] | None = None


class DifferenceFile(_Plain):
    """A difference to a reference row; without a difference there is none."""

    difference: Number | None = None
    low: Number | None = None
    high: Number | None = None
    effect_size: Number | None = None
    p_adjusted: Number | None = None
    marked: bool = False


class DiagnosticsFile(_Plain):
    """Of the interests, averaged over seeds."""

    num_interests: Interests | None = None
    usage_entropy: Number | None = None
    hit_entropy: Number | None = None
    cosine: Number | None = None
    dead_users: Number | None = None
    collapsed: bool = False


class RowFile(_Plain):
    """A row of the table."""

    label: str
    variant: str
    model: str
    stage: str | None = None
    settings: dict[str, JsonValue] | None = None
    num_interests: Interests | None = None
    runs: dict[str, Folder | None] | None = None
    error: str | None = None
    valid: dict[str, ValueFile | None] | None = None
    test: dict[str, ValueFile | None] | None = None
    train_seconds: ValueFile | None = None
    epochs: ValueFile | None = None
    test_seconds: ValueFile | None = None
    peak_memory: ValueFile | None = None
    parameters: ValueFile | None = None
    cut_short: Count | None = None
    diagnostics: DiagnosticsFile | None = None
    against_best: dict[str, DifferenceFile | None] | None = None
    against_opal: dict[str, DifferenceFile | None] | None = None


class TuningFile(_Plain):
    """What tuning found."""

    trials: Count | None = None
    found: dict[str, dict[str, JsonValue] | None] | None = None


class ComparisonFile(_Plain):
    """The whole file."""

    dataset: str
    command: str
    metric: Metric
    seeds: list[int | str]
    hardware: str | None = None
    versions: dict[str, str] | None = None
    tuning: TuningFile | None = None
    own_metrics: dict[str, MetricTraits] = {}
    rows: list[RowFile]


class _Line(_Plain):
    """An epoch of training.jsonl."""

    stage: str
    loss: dict[str, Number | None] | None = None
    valid: dict[str, Number | None] | None = None


_LINES = TypeAdapter(list[_Line])


def checked_lines(rows: Any) -> list[dict[str, Any]]:
    """Return the lines of training.jsonl, each with `stage`, `loss` and `valid`.

    Args:
        rows: what the file holds.

    Raises:
        ValueError: they are something else.
    """
    return [line.model_dump() for line in _LINES.validate_python(rows)]
