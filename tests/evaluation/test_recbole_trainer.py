"""The whole evaluator in RecBole's own evaluation loop, on tiny models."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from recbole.data.interaction import Interaction
from recbole.trainer.trainer import Trainer
from torch import Tensor

from recbole_opal.batches import EvaluationBatch
from recbole_opal.data.loaders import EvaluationLoader
from recbole_opal.errors import RetrievalError, SettingsError
from recbole_opal.evaluation import built_index
from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.registry import chosen_metrics
from recbole_opal.host.evaluation import TopKEvaluation

USERS, ITEMS = 40, 90


class OurTrainer(TopKEvaluation, Trainer):
    """As the library's own trainers are composed."""


class MultiInterest(torch.nn.Module):
    """K interests by user; items as a parameter."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.users = torch.nn.Parameter(torch.randn(USERS, 3, 5, generator=generator))
        self.items = torch.nn.Parameter(torch.randn(ITEMS, 5, generator=generator))

    def interests(self, interaction: Interaction) -> Tensor:
        return self.users[interaction["user_id"]]

    def item_table(self) -> Tensor:
        return self.items + 0  # a new tensor, as models that transform their items give


class Dense(MultiInterest):
    """The same scores through RecBole's interface only."""

    interests = None
    item_table = None
    n_items = ITEMS

    def full_sort_predict(self, interaction: Interaction) -> Tensor:
        products = torch.einsum("bkd,nd->bkn", self.users[interaction["user_id"]], self.items)
        return products.amax(dim=1).flatten()


class Rows:
    """Every user once, with targets and masks from a random evaluation."""

    def __init__(self, evaluation: Any) -> None:
        self.evaluation = evaluation

    def __len__(self) -> int:
        return USERS

    def batch(self, index: np.ndarray) -> Any:
        targets = self.evaluation.pairs([self.evaluation.targets[row] for row in index])
        masked = self.evaluation.pairs([self.evaluation.masked[row] for row in index])
        users = torch.from_numpy(index)
        return EvaluationBatch(users, Interaction({"user_id": users}), masked, targets)


@pytest.fixture
def parts(
    config: Any, make_evaluation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Returns (config, loader, evaluation) in a folder of their own."""
    monkeypatch.chdir(tmp_path)  # RecBole writes log folders below the current one
    evaluation = make_evaluation(USERS, ITEMS, seed=1)
    met = np.repeat(np.arange(1, ITEMS), 1 + np.arange(1, ITEMS) % 7)
    dataset = SimpleNamespace(
        uid_field="user_id",
        iid_field="item_id",
        item_num=ITEMS,
        get_item_feature=lambda: Interaction({"item_id": torch.arange(ITEMS)}),
        config=config,
        inter_feat={"user_id": torch.arange(len(met)), "item_id": torch.from_numpy(met)},
    )
    loader = EvaluationLoader(Rows(evaluation), config["eval_batch_size"], dataset=dataset)
    return config, loader, evaluation


def _evaluate(parts: Any, model: torch.nn.Module) -> tuple[Any, Any]:
    config, loader, _ = parts
    trainer = OurTrainer(config, model)
    return trainer, trainer.evaluate(loader, load_best_model=False)


def _naive_recall(model: MultiInterest, evaluation: Any, k: int) -> float:
    scores = torch.einsum("bkd,nd->bkn", model.users, model.items).amax(dim=1).detach().numpy()
    values = []
    for user, row in enumerate(scores):
        row[0] = -np.inf
        row[evaluation.masked[user]] = -np.inf
        best = np.argsort(-row)[:k]
        values.append(np.isin(evaluation.targets[user], best).mean())
    return float(np.mean(values))


@pytest.mark.parametrize("backend", ["torch", "faiss"])
def test_interest_models_and_dense_models_agree_on_every_metric(parts: Any, backend: str) -> None:
    config, _, evaluation = parts
    config["retrieval"] = backend
    _, found = _evaluate(parts, MultiInterest())
    _, dense = _evaluate(parts, Dense())
    assert len(found) == 11 * 3 + 1
    assert all(type(value) is float for value in found.values())
    assert dict(found) == pytest.approx(dict(dense), abs=1e-12)
    for k in (1, 5, 20):
        naive = _naive_recall(MultiInterest(), evaluation, k)
        assert found[f"recall@{k}"] == pytest.approx(naive, abs=1e-9)


def test_per_user_values_of_the_last_evaluation(parts: Any) -> None:
    trainer, found = _evaluate(parts, MultiInterest())
    judged = trainer.judge(parts[1])
    values = measure(judged, chosen_metrics(parts[0]["metrics"])).per_user
    assert judged.users.tolist() == list(range(USERS))
    assert values["ndcg@20"].mean() == pytest.approx(found["ndcg@20"])


def test_a_second_evaluation_sees_new_weights(parts: Any) -> None:
    model = MultiInterest()
    trainer, before = _evaluate(parts, model)
    again = trainer.evaluate(parts[1], load_best_model=False)
    assert again == before
    with torch.no_grad():
        model.items.copy_(model.items.flip(0))
    after = trainer.evaluate(parts[1], load_best_model=False)
    assert after["recall@20"] == pytest.approx(_naive_recall(model, parts[2], 20), abs=1e-9)
    assert after != before


class InPairs(Dense):
    """RecBole's models that score one user and one item at a time."""

    def full_sort_predict(self, interaction: Interaction) -> Tensor:
        raise NotImplementedError

    def predict(self, interaction: Interaction) -> Tensor:
        users, items = self.users[interaction["user_id"]], self.items[interaction["item_id"]]
        return torch.einsum("bkd,bd->bk", users, items).amax(dim=1)


def test_models_that_score_pairs_alone_are_asked_for_every_pair(parts: Any) -> None:
    _, found = _evaluate(parts, InPairs())
    _, dense = _evaluate(parts, Dense())
    assert dict(found) == pytest.approx(dict(dense), abs=1e-12)


def test_a_failed_evaluation_leaves_nothing_behind(parts: Any) -> None:
    model = MultiInterest()
    trainer, before = _evaluate(parts, model)
    saved = model.users.detach().clone()
    with torch.no_grad():
        model.users[30] = torch.nan  # a later batch fails, when earlier ones are collected
    with pytest.raises(RetrievalError, match="interests"):
        trainer.evaluate(parts[1], load_best_model=False)
    with torch.no_grad():
        model.users.copy_(saved)
    assert trainer.evaluate(parts[1], load_best_model=False) == before


def test_kept_lists_tell_the_hits_and_who_won_them(parts: Any) -> None:
    config, loader, evaluation = parts
    config["metrics"] = ["ItemCoverage"]  # no metric that asks for hits
    model = MultiInterest()
    trainer = OurTrainer(config, model)
    lists = trainer.judge(loader, with_interests=True)
    assert lists.interests is not None
    assert lists.interests.count == 3
    assert lists.interests.active.shape == (USERS, 3)
    assert lists.interests.active.all()
    products = torch.einsum("bkd,nd->bkn", model.users, model.items).detach().numpy()
    for user in range(USERS):
        assert not set(lists.items[user]) & set(evaluation.masked[user])
        for place, item in enumerate(lists.items[user]):
            assert lists.interests.winners[user, place] == products[user, :, item].argmax()
            assert lists.hits[user, place] == (item in evaluation.targets[user])
    assert trainer.judge(loader).interests is None


def test_models_without_interests_have_lists_without_winners(parts: Any) -> None:
    config, loader, _ = parts
    lists = OurTrainer(config, Dense()).judge(loader, with_interests=True)
    assert lists.items.shape == lists.hits.shape == (USERS, 20)
    assert lists.interests is None


def test_an_index_is_built_once_a_set_of_weights(parts: Any, monkeypatch: Any) -> None:
    config, loader, _ = parts
    exact = dict(_evaluate(parts, MultiInterest())[1])
    built = []
    make = built_index.make_retriever
    monkeypatch.setattr(
        built_index, "make_retriever", lambda *given: built.append(given[0]) or make(*given)
    )
    config.update(retrieval="ivf-flat", retrieval_args={"nlist": 4, "nprobe": 4})
    model = MultiInterest()
    trainer, found = _evaluate(parts, model)
    assert dict(found) == pytest.approx(exact, abs=1e-12)  # all lists are searched
    trainer.evaluate(loader)
    assert built == ["ivf-flat"]
    with torch.no_grad():
        model.items.copy_(model.items.flip(0))
    trainer.evaluate(loader)
    assert built == ["ivf-flat", "ivf-flat"]


def test_an_index_needs_item_vectors(parts: Any) -> None:
    parts[0].update(retrieval="hnsw")
    with pytest.raises(SettingsError, match="leave --retrieval away"):
        OurTrainer(parts[0], Dense())
