"""An index is built once a set of weights, evaluates what it finds, and is checked beforehand."""

import logging
from typing import Any

import pytest
import torch

from recbole_opal.errors import OpalError, RetrievalError, SettingsError
from recbole_opal.evaluation import built_index
from recbole_opal.evaluation.built_index import BuiltIndex, check_retrieval
from recbole_opal.evaluation.full_sort import FullSortRetriever
from recbole_opal.retrieval import APPROXIMATE_KINDS, EXACT_KINDS, MAXIMUM, ExactIndex, Scoring


class Model(torch.nn.Module):
    """Interests by user, and items as a weight."""

    def __init__(self, count: int = 300) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.users = torch.nn.Parameter(torch.randn(9, 2, 8, generator=generator))
        self.items = torch.nn.Parameter(torch.randn(count, 8, generator=generator))

    def interests(self, inputs: Any) -> torch.Tensor:
        return self.users[inputs]

    def item_table(self) -> torch.Tensor:
        return self.items + 0


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the kinds of the searches that are built from here on."""
    kinds: list[str] = []
    make = built_index.make_retriever

    def spy(kind: str, *rest: Any, **named: Any) -> Any:
        kinds.append(kind)
        return make(kind, *rest, **named)

    monkeypatch.setattr(built_index, "make_retriever", spy)
    return kinds


def test_built_once_for_the_same_vectors_whatever_tensor_holds_them(builds: list[str]) -> None:
    built, items = BuiltIndex(), torch.randn(200, 4)
    first = built.over(items, "hnsw", None)
    assert built.over(items.clone(), "hnsw", {}) is first
    assert builds == ["hnsw"]
    assert built.over(items, "hnsw", {"links": 8}) is not first
    assert built.over(items, "sq8", None).kind == "sq8"
    items[7, 2] += 1  # in place, as an optimiser changes it
    built.over(items, "sq8", None)
    assert builds == ["hnsw", "hnsw", "sq8", "sq8"]


def test_another_scoring_is_another_search(builds: list[str]) -> None:
    built, items = BuiltIndex(), torch.randn(200, 4)
    assert built.over(items, "sq8", None).scoring == MAXIMUM
    assert built.over(items, "sq8", None, scoring=Scoring(0.1)).scoring == Scoring(0.1)
    assert builds == ["sq8", "sq8"]


@pytest.mark.parametrize("kind", EXACT_KINDS)
def test_exact_searches_are_not_kept(builds: list[str], kind: str) -> None:
    built, items = BuiltIndex(), torch.randn(50, 4)
    assert built.over(items, kind, None) is not built.over(items, kind, None)
    assert builds == [kind, kind]


def test_the_log_tells_that_it_is_approximate(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "recbole_opal"):
        for _ in range(2):
            BuiltIndex().over(torch.randn(200, 4), "ivf-flat", {"nprobe": 1})
            BuiltIndex().over(torch.randn(200, 4), "torch", None)
    assert len(caplog.messages) == 2
    assert caplog.messages[0].startswith("retrieval=ivf-flat is approximate")
    assert "199 items indexed" in caplog.messages[0]


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_lists_are_the_index_s_and_ranks_are_exact(config: Any, kind: str) -> None:
    model, users = Model(), torch.arange(9)
    targets = (users, torch.arange(20, 29))
    found = {}
    for retrieval in ("torch", kind):
        config.update(retrieval=retrieval)
        retriever = FullSortRetriever(model, config, with_ranks=True, with_interests=True)
        found[retrieval] = retriever.retrieve(users, None, targets)
        assert isinstance(retriever.retriever, ExactIndex) == (retrieval == "torch")
    exact, served = found["torch"], found[kind]
    assert exact.ranks is not None
    assert served.ranks is not None
    assert exact.ranks.sums.tolist() == served.ranks.sums.tolist()
    assert (served.ids > 0).all()
    assert (served.ids == exact.ids).double().mean() > 0.5


def test_what_cannot_be_searched_is_refused_before_training(config: Any) -> None:
    class Scores(torch.nn.Module):
        """A model of RecBole's own."""

    config.update(retrieval="hnsw")
    check_retrieval(config, Model())
    with pytest.raises(SettingsError, match="Scores has none that can be searched"):
        check_retrieval(config, Scores())
    config.update(retrieval="ivf-flat", retrieval_args={"nlist": 400})
    with pytest.raises(RetrievalError, match="nlist=400 is more than the 299 items"):
        check_retrieval(config, Model())
    config.update(retrieval="ivf-flat", retrieval_args={"nlists": 4})
    with pytest.raises(OpalError, match="did you mean nlist"):
        check_retrieval(config, Model())
    config.update(retrieval=None, retrieval_args=None)
    check_retrieval(config, Scores())


def test_the_check_leaves_the_model_as_it_was(config: Any) -> None:
    config.update(retrieval="sq8")
    for training in (True, False):
        model = Model().train(training)
        check_retrieval(config, model)
        assert model.training == training
