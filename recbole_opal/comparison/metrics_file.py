"""What a comparison needs of a run's `metrics.json`, checked as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recbole_opal.errors import CheckpointError

__all__ = ["check_metrics"]

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
    try:
        _Metrics.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        told = " ".join(f"{place}: {first['msg']}".split())[:200]
        raise CheckpointError(
            f"{path} is not as a run leaves it ({told}); move the run folder away and give the "
            "command again."
        ) from error
