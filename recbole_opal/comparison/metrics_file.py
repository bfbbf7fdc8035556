"""What a comparison needs of a run's `metrics.json`, checked as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recbole_opal.evaluation.metric import MetricTraits
from recbole_opal.evaluation.registry import remember
from recbole_opal.runs.refusal import refusing

__all__ = ["check_metrics"]

_FIX = "move the run folder away and give the command again"
# No measurement comes near the bounds; beyond them means could not be computed.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]
Whole = Annotated[int, Field(ge=-1, le=10**15)]
Interests = Annotated[int, Field(ge=1, le=10**6)]
Numbers = dict[str, Number | None]


class _Plain(BaseModel):
    model_config = ConfigDict(strict=True)


class _Diagnostics(_Plain):
    model_config = ConfigDict(extra="forbid")

    num_interests: Interests
    usage: list[Number] | None = None
    usage_entropy: Number | None = None
    hit_usage: list[Number] | None = None
    hit_entropy: Number | None = None
    cosine: Number | None = None
    dead_users: Number | None = None
    collapsed: bool = False

    @model_validator(mode="after")
    def _one_share_an_interest(self) -> _Diagnostics:
        for shares in (self.usage, self.hit_usage):
            if shares is not None and len(shares) != self.num_interests:
                raise ValueError(f"{len(shares)} shares of {self.num_interests} interests")
        return self


class _Stage(_Plain):
    train_seconds: Number
    epochs: Whole
    best_epoch: Whole
    ended: str
    valid: Numbers
    test: Numbers = {}
    score: Number | None = None
    test_seconds: Number | None = None
    diagnostics: _Diagnostics | None = None


class _Memory(_Plain):
    host_bytes: Whole
    device_bytes: Whole | None = None


class _Versions(_Plain):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    device: str
    threads: Annotated[str, Field(pattern="^[0-9]{1,6}$")]


class _Metrics(_Plain):
    stages: Annotated[dict[str, _Stage], Field(min_length=1)]
    best_stage: str
    peak_memory: _Memory
    parameters: Whole
    versions: _Versions
    own_metrics: dict[str, MetricTraits] = {}

    @model_validator(mode="after")
    def _the_best_is_one_of_them(self) -> _Metrics:
        if self.best_stage not in self.stages:
            raise ValueError("best_stage is none of the stages")
        return self


def check_metrics(plain: Any, path: Path) -> None:
    """Check that a run's metrics can be put into a table; learn what it says of own metrics.

    Args:
        plain: the content of its metrics.json.
        path: of the file, for the message.

    Raises:
        CheckpointError: a part is missing or of a wrong type; the first one is named.
    """
    with refusing(str(path), "is not as a run leaves it", _FIX):
        remember(_Metrics.model_validate(plain).own_metrics)
