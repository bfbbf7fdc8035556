"""States with the table whole, as files hold it, and with the part that a process has of it.

Alone, or where no table is in parts, states stay as they are. Otherwise all processes ask, and the
first one, which writes, is given everything: its main memory holds the table while it does so.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from torch import Tensor

from recbole_opal.distributed.sharded_embedding import sharded_embedding_of

__all__ = ["own_part_of_state", "whole_state", "whole_weights"]

_WEIGHTS = "items.embedding.weight"
"""The table's name among the weights of a network."""


def whole_weights(weights: Mapping[str, Tensor], model: Any) -> dict[str, Tensor]:
    """Return weights as `model_state` gave them with the whole table, in the first process."""
    table = sharded_embedding_of(model)
    if table is None:
        return dict(weights)
    whole = table.whole(weights[_WEIGHTS])
    return dict(weights) if whole is None else {**weights, _WEIGHTS: whole}


def whole_state(state: dict[str, Any], model: Any) -> dict[str, Any]:
    """Return a `snapshot` with the whole table, its sums and those of all stages."""
    table = sharded_embedding_of(model)
    if table is None:
        return state
    return _changed(
        state,
        lambda own: _or_own(table.whole(own), own),
        lambda own: _or_own(table.whole_sums(own), own),
    )


def own_part_of_state(state: Mapping[str, Any], model: Any) -> Mapping[str, Any]:
    """Return what a process goes on with of a whole state."""
    table = sharded_embedding_of(model)
    return state if table is None else _changed(state, table.own_of, table.sums_of)


def _changed(state: Mapping[str, Any], rows: Any, sums: Any) -> dict[str, Any]:
    """Return a state with all that belongs to the table replaced, the rest shared."""

    def with_rows(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {**weights, _WEIGHTS: rows(weights[_WEIGHTS])}

    first, *others = state["optimizer"]["optimizers"]
    first = copy(first)
    if first["state"]:
        first["state"] = {0: {"sum": sums(first["state"][0]["sum"])}}
    return {
        **state,
        "model": with_rows(state["model"]),
        "weights": {stage: with_rows(weights) for stage, weights in state["weights"].items()},
        "optimizer": {"optimizers": [first, *others]},
    }


def _or_own(whole: Tensor | None, own: Tensor) -> Tensor:
    return own if whole is None else whole
