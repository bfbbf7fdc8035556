"""Interest vectors and full score matrices lead to the same lists and ranks."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.evaluation.full_sort import FullSortRetriever, InterestModel, from_scores


class Model:
    """Interests (B, K, D) by user, and an item table that counts how often it was made."""

    def __init__(self, users: Tensor, items: Tensor) -> None:
        self.users, self.items, self.tables = users, items, 0

    def interests(self, interaction: Any) -> Tensor:
        return self.users[interaction["user_id"]]

    def item_table(self) -> Tensor:
        self.tables += 1
        return self.items


class Growing(Model):
    """Users have one or two interests and copies of the first; a last column is no interest."""

    def active_interests(self, interaction: Any) -> Tensor:
        return torch.arange(3) < 1 + interaction["user_id"].unsqueeze(1) % 2

    def interest_columns(self, queries: Tensor) -> Tensor:
        return queries[..., :3]

    def interests(self, interaction: Any) -> Tensor:
        found = super().interests(interaction)
        active = self.active_interests(interaction).unsqueeze(-1)
        return torch.where(active, found, found[:, :1])


@pytest.fixture
def model() -> Model:
    """Returns a model with many equal scores."""
    generator = torch.Generator().manual_seed(6)
    users = torch.randint(-2, 3, (12, 3, 4), generator=generator).float()
    return Model(users, torch.randint(-2, 3, (80, 4), generator=generator).float())


def _dense(model: Model, mask: tuple[Tensor, Tensor]) -> Tensor:
    scores = torch.einsum("bkd,nd->bkn", model.users, model.items).amax(dim=1)
    scores[:, 0] = -torch.inf
    scores[mask] = -torch.inf
    return scores


@pytest.mark.parametrize("backend", [None, "torch", "faiss"])
def test_same_lists_and_ranks_as_a_full_matrix(config: Any, model: Model, backend: Any) -> None:
    config.update(retrieval=backend, item_block_size=13)
    mask = (torch.tensor([0, 0, 0, 5]), torch.tensor([3, 3, 9, 0]))
    targets = (torch.arange(12).repeat(2), torch.arange(20, 44))
    retriever = FullSortRetriever(model, config, with_ranks=True)
    found = retriever.retrieve({"user_id": torch.arange(12)}, mask, targets)
    expected = from_scores(_dense(model, mask), 20, targets)
    assert torch.equal(found.ids, expected.ids)
    assert found.ranks is not None
    assert expected.ranks is not None
    assert found.ranks.sums.tolist() == expected.ranks.sums.tolist()
    assert found.ranks.candidates.tolist() == [77] + [79] * 11
    assert expected.ranks.candidates.tolist() == [77] + [79] * 11


def test_table_made_once_and_ranks_only_when_asked(config: Any, model: Model) -> None:
    retriever = FullSortRetriever(model, config)
    none = torch.empty(0, dtype=torch.int64)
    for user in range(3):
        found = retriever.retrieve({"user_id": torch.tensor([user])}, None, (none, none))
        assert found.ids.shape == (1, 20)
        assert found.ranks is None
    assert model.tables == 1


def test_only_what_a_model_calls_an_interest_is_measured(config: Any) -> None:
    generator = torch.Generator().manual_seed(4)
    model = Growing(
        torch.randn(6, 3, 4, generator=generator), torch.randn(90, 4, generator=generator)
    )
    retriever = FullSortRetriever(model, config, with_interests=True)
    none = torch.empty(0, dtype=torch.int64)
    use = retriever.retrieve({"user_id": torch.arange(6)}, None, (none, none)).interests
    assert use is not None
    assert use.active.tolist() == [[True, False, False], [True, True, False]] * 3
    assert np.isnan(use.cosines[::2]).all()
    first, second = model.users[1::2, :2, :3].unbind(dim=1)
    expected = torch.cosine_similarity(first, second)
    torch.testing.assert_close(torch.from_numpy(use.cosines[1::2]).float(), expected)
    assert (use.winners[::2] == 0).all()
    assert use.winners.max() == 1


def test_all_interests_of_a_plain_model_are_active(config: Any, model: Model) -> None:
    retriever = FullSortRetriever(model, config, with_interests=True)
    none = torch.empty(0, dtype=torch.int64)
    use = retriever.retrieve({"user_id": torch.arange(12)}, None, (none, none)).interests
    assert use is not None
    assert use.active.shape == (12, 3)
    assert use.active.all()


def test_repeated_targets_count_once(config: Any, model: Model) -> None:
    retriever = FullSortRetriever(model, config, with_ranks=True)
    once = (torch.tensor([0]), torch.tensor([7]))
    twice = (torch.tensor([0, 0]), torch.tensor([7, 7]))
    user = {"user_id": torch.tensor([0])}
    found = [retriever.retrieve(user, None, pairs).ranks for pairs in (once, twice)]
    assert found[0].sums.tolist() == found[1].sums.tolist()


def test_fills_of_a_matrix_are_zero() -> None:
    scores = torch.tensor([[-torch.inf, 2.0, -torch.inf, 3.0]])
    assert from_scores(scores, 6).ids.tolist() == [[3, 1, 0, 0, 0, 0]]


def test_nan_scores_are_refused() -> None:
    with pytest.raises(RetrievalError, match="NaN"):
        from_scores(torch.tensor([[-torch.inf, torch.nan]]), 1)


def test_protocol_tells_the_models_apart(model: Model) -> None:
    assert isinstance(model, InterestModel)
    assert not isinstance(torch.nn.Linear(1, 1), InterestModel)
