"""MIND keeps the contract; its capsules share items out among interests."""

from itertools import combinations

import pytest
import torch

from recbole_opal.evaluation.full_sort import FullSortRetriever
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

    def test_shares_of_interests_are_the_coupling(self, case, monkeypatch):
        if case.config["routing_softmax"] == "positions":
            pytest.skip("such a coupling tells nothing of shares")
        histories, coupling = case.histories(), self.item_shares(case, monkeypatch)
        sums = torch.zeros(4, 3).index_add(0, histories.rows(), coupling.detach())
        shares = case.model.interest_shares(histories).detach()
        torch.testing.assert_close(shares, sums / histories.lengths.unsqueeze(1))

    def test_each_iteration_moves_the_coupling(self, case, monkeypatch):
        even = torch.full((), 1 / 3)
        assert not torch.allclose(self.item_shares(case, monkeypatch), even)


class TestMINDWithAGrowingNumberOfInterests(TestMIND):
    settings = {"dynamic_interests": True}
    recipes = ("default",)

    def test_what_is_no_copy_is_active(self, case):
        batch = case.histories((1, 3, 4, 7))
        active = case.model.active_interests(batch)
        assert active.sum(dim=1).tolist() == [1, 1, 2, 2]
        for row, own in zip(case.interests(batch), active, strict=True):
            assert len(row.unique(dim=0)) == own.sum()
            assert row[~own].eq(row[0]).all()

    def test_copies_are_not_measured(self, case):
        batch, nothing = case.histories((1, 3, 7, 10)), torch.empty(0, dtype=torch.int64)
        retriever = FullSortRetriever(case.model, case.config, with_interests=True)
        use = retriever.retrieve(batch, None, (nothing, nothing)).interests
        assert use.active.sum(axis=1).tolist() == [1, 1, 2, 3]
        cosines = torch.from_numpy(use.cosines)
        assert cosines[:2].isnan().all()
        interests = case.interests(batch).double()
        one, other, third = interests.unbind(dim=1)
        pairs = [torch.cosine_similarity(*each) for each in combinations((one, other, third), 2)]
        torch.testing.assert_close(cosines[2], pairs[0][2])
        torch.testing.assert_close(cosines[3], torch.stack(pairs).mean(dim=0)[3])


class TestMINDWithTheSoftmaxOverPositions(TestMIND):
    """The variant of the torch ports: the contract's routing test tells it from the paper's."""

    settings = {"routing_softmax": "positions"}
    recipes = ("default",)

    def test_each_item_shares_itself_out_among_the_interests(self, case, monkeypatch):
        with pytest.raises(AssertionError):
            super().test_each_item_shares_itself_out_among_the_interests(case, monkeypatch)
