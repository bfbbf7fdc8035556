"""All that a trained model consists of, as named tensors: its weights and what RecBole forgets."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recbole_opal.runs.weights_stage import STAGE, check_stage, encoded_stage, stage_of

__all__ = ["model_state", "put_model_state"]

_PREFIX = "attribute."

_STEPS = ("update",)
"""Attributes that change while RecBole's models train and stand in no `state_dict` and in no
`other_parameter_name`: MultiVAE and MacridVAE count their steps for the annealing."""


def model_state(model: Any, *, copied: bool = True) -> dict[str, Tensor]:
    """Return a model's weights and its other learnt values, as copies or as they are.

    The others are what RecBole keeps in a checkpoint under `other_parameter` (Pop's counts, the
    vectors of graph models after their last propagation) and the attributes that its checkpoints
    miss. A model with stages adds the one that its weights are of. Matrices that a constructor
    computes from the data (ItemKNN, EASE) are left out: the constructor computes them again, the
    same, from the same data and seed. Names of attributes begin with `attribute.`.
    """
    take = Tensor.clone if copied else Tensor.detach
    state = {name: take(value.detach()) for name, value in model.state_dict().items()}
    for name in _attributes(model):
        value = getattr(model, name)
        if isinstance(value, Tensor):
            state[_PREFIX + name] = take(value.detach())
        elif name in _STEPS:
            state[_PREFIX + name] = torch.as_tensor(value).clone()
    if _has_stage(model):
        state[STAGE] = encoded_stage(model.stage)
    return state


def put_model_state(model: Any, state: dict[str, Tensor]) -> None:
    """Give a model of the same class, settings and data the state that `model_state` took.

    An attribute that the state does not hold was None then, and becomes None again: vectors that
    were computed since belong to other weights.

    Raises:
        CheckpointError: the state is of another stage than the model stands in.
    """
    if _has_stage(model):
        check_stage(stage_of(state), model)
    weights = {name: state[name] for name in state if not name.startswith(_PREFIX)}
    model.load_state_dict(weights)
    for name in _attributes(model):
        present = getattr(model, name)
        value = state.get(_PREFIX + name)
        if value is not None:
            own = int(value) if isinstance(present, int) else value.to(model.device).clone()
            setattr(model, name, own)
        elif isinstance(present, Tensor):
            setattr(model, name, None)


def _has_stage(model: Any) -> bool:
    """Tell whether a model knows its stage: ours do, and those of a user's that keep it."""
    return isinstance(getattr(model, "stage", None), str)


def _attributes(model: Any) -> list[str]:
    named = getattr(model, "other_parameter_name", ())
    return [*named, *(name for name in _STEPS if name in vars(model))]
