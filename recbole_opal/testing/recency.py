"""What every multi-interest model must do with learned weights of a history's items."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from recbole_opal.batches import TrainingBatch
from recbole_opal.errors import SettingsError
from recbole_opal.interests.recency import Recency
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.testing.case import LENGTH, ContractCase

__all__ = ["RecencyContract"]

_KINDS = ("place", "age", "both")


class RecencyContract:
    """The part of `ModelContract` on the setting `recency`: a model takes it or refuses it."""

    def test_recency_is_taken_or_refused(self, case: ContractCase) -> None:
        for kind in _KINDS:
            if case.model.weighs_items:
                assert isinstance(case.variant({"recency": kind}).recency, Recency)
                continue
            with pytest.raises(SettingsError, match="does not weigh the items") as caught:
                case.variant({"recency": kind})
            assert "\n" not in str(caught.value)

    def test_recency_changes_nothing_at_the_start(self, case: ContractCase) -> None:
        histories = case.histories((0, LENGTH, 1, 7))
        before = case.interests(histories)
        for network in _weighing(case):
            with torch.no_grad():
                torch.testing.assert_close(network.eval().interests(histories), before)

    def test_recency_tells_the_items_apart(self, case: ContractCase) -> None:
        histories = case.histories((0, LENGTH, 1, 7))
        before = case.interests(histories)
        for network in _weighing(case):
            assert network.recency is not None
            with torch.no_grad():
                for weights in network.recency.parameters():
                    weights[0] = 3.0  # of the newest item
                after = network.eval().interests(histories)
                shares = network.interest_shares(histories).sum(dim=1)
            for row in (1, 3):
                assert not torch.allclose(after[row], before[row], atol=1e-4)
            torch.testing.assert_close(after[[0, 2]], before[[0, 2]])  # no items, or one
            torch.testing.assert_close(shares, torch.tensor([0.0, 1.0, 1.0, 1.0]))

    def test_recency_is_learnt(self, case: ContractCase) -> None:
        histories = case.histories((2, LENGTH, 4, 7))
        batch = TrainingBatch(histories, case.training_rows(4).targets)
        for network in _weighing(case):
            assert network.recency is not None
            for mixed in (None, torch.bfloat16, torch.float16):
                network.zero_grad()
                torch.manual_seed(1)
                with torch.autocast("cpu", mixed or torch.bfloat16, enabled=mixed is not None):
                    parts = network.calculate_loss(batch)
                torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
                for weights in network.recency.parameters():
                    assert weights.grad is not None
                    assert weights.grad.isfinite().all()
                    assert weights.grad.any()


def _weighing(case: ContractCase) -> Iterator[MultiInterestNetwork]:
    """Yield the model with weights of each kind, in training mode; none where it takes none."""
    for kind in _KINDS if case.model.weighs_items else ():
        yield case.variant({"recency": kind})
