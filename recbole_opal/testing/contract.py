"""What every multi-interest model must do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.recommender import MultiInterestRecommender
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.interests.history import History
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.retrieval import exact_top_k
from recbole_opal.runs import RunFolder
from recbole_opal.testing.case import LENGTH, ContractCase, part, recommender_class
from recbole_opal.testing.devices import DeviceContract
from recbole_opal.testing.edges import EdgeContract
from recbole_opal.testing.recency import RecencyContract
from recbole_opal.training.optimizer import build_optimizer

__all__ = ["ModelContract", "RoutingContract"]

_assert_close = partial(torch.testing.assert_close, rtol=0.0, atol=1e-5)


class ModelContract(EdgeContract, RecencyContract, DeviceContract):
    """Inherit from it in a class named `Test...`, and set `model`: pytest does the rest.

    Each test runs in every stage of the model, in each of the recipes, on a log of 60 users.

    Attributes:
        model: the name that `--model` takes, or a class.
        settings: further settings, for example those of a variant.
        interests: K of a model without the setting `num_interests`.
        recipes: those to test, of the ones that the model has.
    """

    model: ClassVar[str | type[MultiInterestNetwork]]
    settings: ClassVar[dict[str, Any]] = {}
    interests: ClassVar[int] = 1
    recipes: ClassVar[tuple[str, ...]] = ("default", "published")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Ask for the case of each recipe and stage."""
        if "case" in metafunc.fixturenames:
            model_class = recommender_class(self.model)
            known = ["default"] + ["published"] * bool(model_class.network_class.published)
            recipes = [recipe for recipe in known if recipe in self.recipes]
            pairs = [(recipe, stage) for recipe in recipes for stage in model_class.stages]
            names = [f"{recipe}-{stage}" for recipe, stage in pairs]
            metafunc.parametrize("case", pairs, ids=names, indirect=True)

    @pytest.fixture
    def case(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> ContractCase:
        """Return the model in the recipe and stage that are asked for."""
        monkeypatch.chdir(tmp_path)  # RecBole writes log folders where it stands
        recipe, stage = request.param
        model = recommender_class(self.model)
        return ContractCase.build(
            model, tmp_path, recipe=recipe, stage=stage, settings=self.settings
        )

    def test_shapes(self, case: ContractCase) -> None:
        interests, table = case.interests(case.histories()), case.model.item_table()
        rows, count, width = interests.shape
        assert rows == 4
        assert count == (case.config["num_interests"] or self.interests)
        assert table.shape == (case.data.dataset.item_num, width)
        assert interests.isfinite().all()
        assert table.isfinite().all()

    def test_padding_changes_nothing(self, case: ContractCase) -> None:
        histories = case.histories((1, 5, 4, 3))
        before = case.interests(histories)
        for width in (0, 7):
            batch = _padded(case, histories, width)
            with torch.no_grad():
                _assert_close(case.recommender.interests(batch), before)

    def test_the_padding_item_is_never_read(self, case: ContractCase) -> None:
        histories = case.histories()
        before = case.interests(histories)
        with torch.no_grad():
            case.model.items.embedding.weight[0] = 7.0
        _assert_close(case.interests(histories), before)

    def test_neighbours_in_the_batch_change_nothing(self, case: ContractCase) -> None:
        histories, order = case.histories(), [2, 0, 3, 1]
        together = case.interests(histories)
        _assert_close(case.interests(part(histories, order)), together[order])
        for row in range(4):
            _assert_close(case.interests(part(histories, [row]))[0], together[row])

    def test_the_history_matters(self, case: ContractCase) -> None:
        interests = case.interests(case.histories((4, 4)))
        assert not torch.allclose(interests[0], interests[1])

    def test_serving_is_deterministic(self, case: ContractCase) -> None:
        histories = case.histories()
        before = case.interests(histories)
        torch.manual_seed(1)
        assert case.interests(histories).equal(before)

    def test_one_item_is_history_enough(self, case: ContractCase) -> None:
        assert case.interests(case.histories((1, 1, 1, 1))).isfinite().all()
        batch = case.training_rows(8)
        short = TrainingBatch(part(batch.histories, range(8), longest=1), batch.targets)
        case.model.train()
        _step(case)(short)
        assert all(p.isfinite().all() for p in case.model.parameters())

    def test_shares_of_the_interests(self, case: ContractCase) -> None:
        histories = case.histories((0, LENGTH, 1, 7))
        with torch.no_grad():
            shares = case.model.interest_shares(histories)
        assert shares.shape == case.interests(histories).shape[:2]
        assert (shares >= 0).all()
        assert shares[0].eq(0).all()  # of no history
        _assert_close(shares[1:].sum(dim=1), torch.ones(3))
        active = case.model.active_interests(histories)
        assert active is None or shares[~active].eq(0).all()

    def test_interests_of_the_items(self, case: ContractCase) -> None:
        histories = case.histories((0, LENGTH, 1, 7))
        with torch.no_grad():
            interests = case.model.item_interests(histories)
        assert interests.shape == histories.items.shape
        every = case.model.interest_shares(histories)[histories.rows()]  # (T, K)
        assert every.gather(1, interests.unsqueeze(1)).gt(0).all()

    def test_one_interest_has_the_whole_history(self, case: ContractCase) -> None:
        wanted = {"num_interests": 1} if case.config["num_interests"] else {}
        network = case.variant(wanted).eval()
        with torch.no_grad():
            shares = network.interest_shares(case.histories((0, 4)))
        if shares.shape[1] == 1:
            _assert_close(shares, torch.tensor([[0.0], [1.0]]))

    def test_top_k_equals_brute_force(self, case: ContractCase) -> None:
        interests = case.interests(case.histories())
        table = case.model.item_table().detach()
        products = torch.einsum("bkd,nd->bkn", interests.double(), table.double())
        scores = _scored(case, products).float()
        scores[:, 0] = -torch.inf
        best = scores.topk(5, dim=1).values
        found = exact_top_k(interests, table, 5, scoring=case.model.scoring)
        _assert_close(found.scores, best)

    def test_recbole_s_scores_are_the_same(self, case: ContractCase) -> None:
        batch = _padded(case, case.histories())
        with torch.no_grad():
            every = case.recommender.full_sort_predict(batch)
            items = torch.tensor([3, 1, 7, 2])
            each = case.recommender.predict(batch | {case.recommender.ITEM_ID: items})
        direct = case.interests(case.histories()) @ case.model.item_table().detach().T  # (B, K, N)
        _assert_close(every, _scored(case, direct))
        _assert_close(each, every.gather(1, items.unsqueeze(1))[:, 0])

    def test_some_training_steps(self, case: ContractCase) -> None:
        step = _step(case)
        case.model.train()
        for batch in case.data.train:
            parts = step(batch)
            assert len(parts) == len(case.model.loss_names)
            named = dict(zip(case.model.loss_names, parts, strict=True))
            assert all(part.isfinite() for part in parts), named
        assert all(parameter.isfinite().all() for parameter in case.model.parameters())

    def test_a_tiny_set_is_learnt_by_heart(self, case: ContractCase) -> None:
        step, batch = _step(case, learning_rate=0.03), case.training_rows(8)
        case.model.train()
        losses = [step(batch)[0].item() for _ in range(100)]
        assert sum(losses[-10:]) / 10 < losses[0] / 2
        interests, table = case.interests(batch.histories), case.model.eval().item_table().detach()
        best = exact_top_k(interests, table, 3, scoring=case.model.scoring).ids  # (8, 3)
        hit = (best.unsqueeze(2) == batch.targets.unsqueeze(1)).any(dim=2).any(dim=1)
        assert hit.float().mean() >= 0.75

    def test_a_saved_model_gives_the_same_lists(self, case: ContractCase, tmp_path: Path) -> None:
        step, stage = _step(case), case.model.stage
        for batch in case.data.train:
            step(batch)
        folder = RunFolder.create(tmp_path / "runs", "contract")
        with folder.update():
            folder.save_yaml("config.yaml", case.config.as_plain_dict())
            folder.save_weights(stage, case.recommender.state_dict())
        saved = RunFolder.open(folder.path)
        model_class = type(case.recommender)
        config = OpalConfig.from_plain(saved.load_yaml("config.yaml"), model_class)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(99)  # other starting weights and buffers
        model = model_class(config, data.dataset)
        model.set_stage(stage)
        model.load_state_dict(saved.load_weights(stage))
        before = _lists(case.recommender, case.data, case.config)
        assert before.any()
        assert _lists(model, data, config).equal(before)


class RoutingContract(ModelContract):
    """The contract of models that route: by capsules, categories or intentions."""

    def item_shares(self, case: ContractCase, monkeypatch: pytest.MonkeyPatch) -> Tensor:
        """Return how real items share themselves out, (T, K).

        Here: the `assignment` of what the model's `encode` returns.
        """
        histories = case.histories()
        (vectors,) = case.model.items(histories.items)
        encoded = case.model.encode(History(vectors, histories.lengths, histories.times))
        shares: Tensor = encoded.assignment
        return shares

    def test_each_item_shares_itself_out_among_the_interests(
        self, case: ContractCase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        items = len(case.histories().items)
        shares = self.item_shares(case, monkeypatch)
        assert shares.shape == (items, case.config["num_interests"])
        assert (shares >= 0).all()
        torch.testing.assert_close(shares.sum(dim=-1), torch.ones(items))


def _scored(case: ContractCase, products: Tensor) -> Tensor:
    """Return the scores, (B, N), of (B, K, N) products, all at once."""
    if case.config["scoring"] == "maximum":
        return products.amax(dim=1)
    temperature: float = case.config["temperature"]
    return temperature * (products / temperature).logsumexp(dim=1)


def _step(case: ContractCase, learning_rate: float | None = None) -> Callable[[Any], Any]:
    """Return what takes one training step on a batch and returns the parts of the loss."""
    model = case.recommender
    optimizer = build_optimizer(model, case.config)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate or group["lr"]

    def step(batch: Any) -> Any:
        optimizer.zero_grad()
        parts = model.calculate_loss(batch)
        torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return parts

    return step


def _padded(case: ContractCase, histories: Histories, more: int = 0) -> dict[str, Tensor]:
    """Return histories as an interaction of RecBole's, wider than the longest by `more`."""
    filled = torch.arange(int(histories.lengths.max()) + more) < histories.lengths.unsqueeze(1)

    def columns(values: Tensor) -> Tensor:
        return values.new_zeros(filled.shape).masked_scatter(filled, values)

    assert histories.times is not None
    items, times = columns(histories.items), columns(histories.times)
    return {case.recommender.ITEM_SEQ: items, case.recommender.TIME_SEQ: times}


def _lists(model: MultiInterestRecommender, data: PreparedData, config: OpalConfig) -> Tensor:
    """Return the lists of all test users, (E, k) int64."""
    trainer = StagedTrainer(config, model, stages=(model.stage,))
    return torch.from_numpy(trainer.judge(data.test).items)
