"""MIND keeps the contract; its capsules share items out among interests."""

import pytest
import torch

from recbole_opal.interests import capsules
from recbole_opal.testing import RoutingContract


def recorded_coupling(case, monkeypatch):
    """Return the last coupling of items with interests, (T, K)."""
    seen, couple = [], capsules.couple

    def listen(logits, mask, *rest):
        coupling = couple(logits, mask, *rest)
        assert coupling[~mask].eq(0).all()  # padding has no share
        seen.append(coupling[mask])
        return coupling

    monkeypatch.setattr(capsules, "couple", listen)
    case.interests(case.histories())
    assert len(seen) == case.config["routing_iterations"]
    return seen[-1]


class TestMIND(RoutingContract):
    model = "MIND"

    def item_shares(self, case, monkeypatch):
        return recorded_coupling(case, monkeypatch)

    def test_each_iteration_moves_the_coupling(self, case, monkeypatch):
        even = torch.full((), 1 / 3)
        assert not torch.allclose(self.item_shares(case, monkeypatch), even)


class TestMINDWithAGrowingNumberOfInterests(TestMIND):
    settings = {"dynamic_interests": True}


class TestMINDWithTheSoftmaxOverPositions(TestMIND):
    """The variant of the torch ports: the contract's routing test tells it from the paper's."""

    settings = {"routing_softmax": "positions"}

    def test_each_item_shares_itself_out_among_the_interests(self, case, monkeypatch):
        with pytest.raises(AssertionError):
            super().test_each_item_shares_itself_out_among_the_interests(case, monkeypatch)
