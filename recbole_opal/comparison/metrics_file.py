"""What a comparison needs of a run's `metrics.json`, checked as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from recbole_opal.runs.refusal import refusing

__all__ = ["check_metrics"]

_FIX = "move the run folder away and give the command again"
Numbers = dict[str, float | None]
Share = float | int | bool | None | list[float] | list[int]


class _Plain(BaseModel):
    model_config = ConfigDict(strict=True)


class _Stage(_Plain):
    train_seconds: float
    epochs: int
    best_epoch: int
    ended: str
    valid: Numbers
    test: Numbers = {}
    score: float | None = None
    test_seconds: float | None = None
    diagnostics: dict[str, Share] | None = None


class _Memory(_Plain):
    host_bytes: int
    device_bytes: int | None = None


class _Metrics(_Plain):
    stages: Annotated[dict[str, _Stage], Field(min_length=1)]
    best_stage: str
    peak_memory: _Memory
    parameters: int
    versions: dict[str, str]


def check_metrics(plain: Any, path: Path) -> None:
    """Check that a run's metrics can be put into a table.

    Args:
        plain: the content of its metrics.json.
        path: of the file, for the message.

    Raises:
        CheckpointError: a part is missing or of a wrong type; the first one is named.
    """
    with refusing(str(path), "is not as a run leaves it", _FIX):
        _Metrics.model_validate(plain)
