"""What every multi-interest model must bear: the edges of its settings and of its data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.testing.case import ContractCase

__all__ = ["EdgeContract", "edge_settings"]

_ROUTINGS = ("candidate", "target", "attention")
_NEAR = 1e-6  # how near to a bound that is excluded
_GREAT = 1e6  # where there is no upper bound
_assert_near = partial(torch.testing.assert_close, rtol=0.05, atol=0.05)  # of mixed precision


class EdgeContract:
    """The part of `ModelContract` that holds losses and gradients to be finite numbers."""

    def test_gradients_are_finite_at_the_edges_of_the_settings(self, case: ContractCase) -> None:
        batch = _odd_rows(case)
        for settings in edge_settings(type(case.recommender)):
            found = _not_finite(case.variant(settings), batch)
            assert not found, (settings, found)

    def test_a_batch_without_targets_changes_no_number_to_none(self, case: ContractCase) -> None:
        batch = case.training_rows(4)
        without = TrainingBatch(batch.histories, torch.zeros_like(batch.targets))
        for way in _ways(type(case.recommender)):
            for negatives in ("uniform", "in_batch"):
                model = case.variant(way | {"negative_sampling": negatives})
                assert not _not_finite(model, without), (way, negatives)
                assert _loss(model, without, None)[0] == 0, (way, negatives)

    def test_gradients_are_finite_where_all_vectors_are_zero(self, case: ContractCase) -> None:
        batch = _odd_rows(case)
        for way in _ways(type(case.recommender)):
            for power, mixed in ((0.5, None), (1.0, torch.float16), (100.0, torch.bfloat16)):
                model = case.variant(way | {"attention_power": power})
                with torch.no_grad():
                    model.items.embedding.weight.zero_()
                found = _not_finite(model, batch, mixed)
                assert not found, (way, power, mixed, found)

    def test_mixed_precision_changes_the_loss_little(self, case: ContractCase) -> None:
        batch = case.training_rows(8)
        for way in _ways(type(case.recommender)):
            values = []
            for mixed in (None, torch.bfloat16, torch.float16):
                parts = _loss(case.variant(way), batch, mixed)
                assert all(part.dtype == torch.float32 for part in parts)
                values.append(torch.stack(parts).detach())
            _assert_near(values[1], values[0])
            _assert_near(values[2], values[0])


def edge_settings(model: type[Any]) -> Iterator[dict[str, Any]]:
    """Yield settings, one at an edge of its range at a time, under the routing that reads most."""
    section = section_of(model)
    fields = section.model_fields if section else {}
    *by_routing, soft = _ways(model)
    for way in (*by_routing, soft):
        for similarity in ("cosine", "inner_product"):
            yield way | {"similarity": similarity, "item_gradient": "dense"}
        if "num_interests" in fields:
            yield way | {"num_interests": 1}
    for name, field in fields.items():
        if field.annotation is float:
            for value in _edges(field.metadata):
                attention = {"routing": "attention", "scoring": "maximum", "attention_power": 0.5}
                yield attention | {name: value}
                yield {"routing": "candidate", name: value}
    for value in _edges(fields["temperature"].metadata) if fields else ():
        yield soft | {"temperature": value}


def _ways(model: type[Any]) -> list[dict[str, Any]]:
    """Return the ways to score targets and negatives: by each routing, and softly."""
    ways: list[dict[str, Any]] = [{"routing": each, "scoring": "maximum"} for each in _ROUTINGS]
    soft = {"routing": "candidate", "scoring": "logsumexp"}
    section = section_of(model)
    if section and "seq2item" in section.model_fields:  # DSSRec's own loss takes the maximum
        soft["seq2item"] = "retrieval"
    return [*ways, soft]


def _edges(bounds: list[Any]) -> list[float]:
    """Return the least and the greatest value between bounds, such as `Gt(0)` and `Le(10)`."""
    found = {"ge": -_GREAT, "le": _GREAT}
    for name, towards in (("gt", _NEAR), ("lt", -_NEAR), ("ge", 0.0), ("le", 0.0)):
        for bound in bounds:
            if hasattr(bound, name):
                found[name.replace("t", "e")] = float(getattr(bound, name)) + towards
    return [found["ge"], found["le"]]


def _odd_rows(case: ContractCase) -> TrainingBatch:
    """Return training rows: two as they are, two of one item, two of equal items.

    Of those of one item one has one target, the other none.
    """
    batch = case.training_rows(6)
    histories, targets = batch.histories, batch.targets
    rows, met = histories.rows(), histories.items.clone()
    first = torch.cat([torch.ones(1, dtype=torch.bool), rows[1:] != rows[:-1]])
    oldest = met[first]
    kept = first | (rows < 2) | (rows > 3)
    met = torch.where(rows > 3, oldest[rows], met)
    targets[2, 1:] = 0
    targets[3] = 0
    targets[4:] = oldest[4:, None]
    times = None if histories.times is None else histories.times[kept]
    lengths = torch.bincount(rows[kept], minlength=6)
    return TrainingBatch(Histories(met[kept], lengths, times), targets)


def _loss(
    model: MultiInterestNetwork, batch: TrainingBatch, mixed: torch.dtype | None
) -> tuple[Tensor, ...]:
    """Return the parts of the loss, with products in `mixed`; the negatives are always the same."""
    torch.manual_seed(1)
    with torch.autocast("cpu", mixed or torch.bfloat16, enabled=mixed is not None):
        return model.calculate_loss(batch)


def _not_finite(
    model: MultiInterestNetwork, batch: TrainingBatch, mixed: torch.dtype | None = None
) -> list[str]:
    """Return which parts of the loss, and gradients of which parameters, are not finite."""
    parts = _loss(model, batch, mixed)
    torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
    pairs = zip(model.loss_names, parts, strict=True)
    found = [name for name, part in pairs if not part.isfinite()]
    for name, parameter in model.named_parameters():
        gradient = parameter.grad
        if gradient is not None:
            values = gradient.coalesce().values() if gradient.is_sparse else gradient
            found += [name] if not values.isfinite().all() else []
    return found
