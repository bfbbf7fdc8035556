"""Weights that say of which training stage they are: the same numbers rank otherwise in another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from recbole_opal.errors import CheckpointError

__all__ = ["STAGE", "check_stage", "decoded_stage", "encoded_stage", "mark", "stage_of"]

STAGE = "attribute.stage"
"""Name under which a weights file holds its stage, so that whoever reads the file has it."""


def encoded_stage(stage: str) -> Tensor:
    """Return a stage's name as a tensor of bytes, for a file of tensors.

    Args:
        stage: the name.
    """
    return torch.tensor(list(stage.encode("utf-8")), dtype=torch.uint8)


def decoded_stage(tensor: Tensor) -> str:
    """Undo `encoded_stage`.

    Args:
        tensor: what it gave.
    """
    return bytes(tensor.tolist()).decode("utf-8", errors="replace")


def mark(state_dict: Mapping[str, Any], stage: str, prefix: str = "") -> OrderedDict[str, Any]:
    """Return weights that know their stage, in the metadata torch keeps beside a state_dict.

    Args:
        state_dict: the weights; an `OrderedDict` is marked in place.
        stage: their stage.
        prefix: what their names begin with, as in `Module.state_dict`.
    """
    marked: Any = state_dict if isinstance(state_dict, OrderedDict) else OrderedDict(state_dict)
    metadata = getattr(marked, "_metadata", None)
    if metadata is None:
        metadata = marked._metadata = OrderedDict()
    metadata.setdefault(prefix[:-1], {})["stage"] = stage
    return marked  # type: ignore[no-any-return]


def stage_of(state_dict: Mapping[str, Any]) -> str | None:
    """Return the stage that weights name, None if they name none.

    Args:
        state_dict: the weights.
    """
    tensor = state_dict.get(STAGE)
    if tensor is not None:
        return decoded_stage(tensor)
    stage: str | None = getattr(state_dict, "_metadata", {}).get("", {}).get("stage")
    return stage


def check_stage(stage: str | None, model: Any) -> None:
    """Check that weights are of the stage a model stands in.

    Args:
        stage: that of the weights; None: they do not say, and cannot be checked.
        model: has a `stage` and `stages`.

    Raises:
        CheckpointError: they are of another stage.
    """
    if stage in (None, model.stage):
        return
    name = type(model).__name__.removesuffix("Network")
    fix = f"call set_stage('{stage}') on the model first"
    if stage not in model.stages:
        fix = f"{name} has the stages {', '.join(model.stages)}: take weights of one of them"
    raise CheckpointError(
        f"these weights are of stage '{stage}', the {name} stands in stage '{model.stage}', where "
        f"they would give other lists; {fix}."
    )
