"""What every multi-interest model must bear: the edges of its settings and of its data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from annotated_types import Ge, Gt, Le, Lt
from torch import Tensor

from recbole_opal.data.loaders import FUTURE_ITEMS
from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.testing.case import ContractCase

__all__ = ["EdgeContract", "edge_settings"]

_ROUTINGS = ("candidate", "target", "attention")
_NEAR = 1e-6  # how near to a bound that is excluded
_GREAT = 1e6  # where there is no upper bound
_MIXED_TOLERANCE = {"rtol": 0.05, "atol": 0.05}


class EdgeContract:
    """The part of `ModelContract` that holds losses and gradients to be finite numbers."""

    def test_gradients_are_finite_at_the_edges_of_the_settings(self, case: ContractCase) -> None:
        batch = _odd_rows(case)
        for settings in edge_settings(type(case.model)):
            found = _not_finite(case.variant(settings), batch)
            assert not found, (settings, found)

    def test_gradients_are_finite_where_all_vectors_are_zero(self, case: ContractCase) -> None:
        batch = _odd_rows(case)
        for routing in _ROUTINGS:
            for power in (0.5, 1.0, 100.0):
                model = case.variant({"routing": routing, "attention_power": power})
                with torch.no_grad():
                    model.items.embedding.weight.zero_()
                found = _not_finite(model, batch)
                assert not found, (routing, power, found)

    def test_mixed_precision_changes_the_loss_little(self, case: ContractCase) -> None:
        batch = _first_rows(case, 8)
        for routing in _ROUTINGS:
            values = []
            for mixed in (False, True):
                model = case.variant({"routing": routing})
                torch.manual_seed(1)  # the same negatives
                with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                    parts = model.calculate_loss(batch)
                assert all(part.dtype == torch.float32 for part in parts), model.loss_names
                values.append(torch.stack(parts).detach())
            torch.testing.assert_close(values[1], values[0], **_MIXED_TOLERANCE)


def edge_settings(model_class: type[MultiInterestRecommender]) -> Iterator[dict[str, Any]]:
    """Yield settings, one at an edge of its range at a time, under the routing that reads most.

    Args:
        model_class: the model's class.
    """
    section = section_of(model_class)
    fields = section.model_fields if section else {}
    for routing in _ROUTINGS:
        for similarity in ("cosine", "inner_product"):
            yield {"routing": routing, "similarity": similarity, "item_gradient": "dense"}
        if "num_interests" in fields:
            yield {"routing": routing, "num_interests": 1}
    for name, field in fields.items():
        if field.annotation is float:
            for value in _edges(field.metadata):
                yield {"routing": "attention", "attention_power": 0.5, name: value}
                yield {"routing": "candidate", name: value}


def _edges(bounds: list[Any]) -> list[float]:
    low, high = -_GREAT, _GREAT
    for bound in bounds:
        match bound:
            case Ge(ge=value):
                low = value
            case Gt(gt=value):
                low = value + _NEAR
            case Le(le=value):
                high = value
            case Lt(lt=value):
                high = value - _NEAR
    return [float(low), float(high)]


def _odd_rows(case: ContractCase) -> dict[str, Tensor]:
    """Return training rows: two as they are, two of one item and one target, two of equal items."""
    batch, items = _first_rows(case, 6), case.model.ITEM_SEQ
    first = (batch[items] > 0).cumsum(dim=1) == 1
    for name in case.histories():
        batch[name][2:4] *= first[2:4]
    batch[FUTURE_ITEMS][2:4, 1:] = 0
    batch[items][4:] = (batch[items][4:] > 0) * batch[items][4:, :1]
    batch[FUTURE_ITEMS][4:] = batch[items][4:, :1]
    return batch


def _first_rows(case: ContractCase, count: int) -> dict[str, Tensor]:
    batch = next(iter(case.data.train))
    return {name: batch[name][:count].clone() for name in (*case.histories(), FUTURE_ITEMS)}


def _not_finite(model: MultiInterestRecommender, batch: dict[str, Tensor]) -> list[str]:
    """Return which parts of the loss, and gradients of which parameters, are not finite."""
    parts = model.calculate_loss(batch)
    torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
    pairs = zip(model.loss_names, parts, strict=True)
    found = [name for name, part in pairs if not part.isfinite()]
    for name, parameter in model.named_parameters():
        gradient = parameter.grad
        if gradient is not None:
            values = gradient.coalesce().values() if gradient.is_sparse else gradient
            found += [name] if not values.isfinite().all() else []
    return found
