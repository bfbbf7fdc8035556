"""What every multi-interest model must do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.models.base import FUTURE_ITEMS, MultiInterestRecommender
from recbole_opal.retrieval import exact_top_k
from recbole_opal.runs import RunFolder
from recbole_opal.testing.case import ContractCase, model_class_of, recipes_of
from recbole_opal.testing.edges import EdgeContract
from recbole_opal.training.optimizer import build_optimizer

__all__ = ["ModelContract"]

_assert_close = partial(torch.testing.assert_close, rtol=0.0, atol=1e-5)


class ModelContract(EdgeContract):
    """Inherit from it in a class named `Test...`, and set `model`: pytest does the rest.

    Each test runs in every recipe and stage of the model, on a log of 60 users.

    Attributes:
        model: the name that `--model` takes, or a class.
        settings: further settings, for example those of a variant.
        interests: K of a model without the setting `num_interests`.
    """

    model: ClassVar[str | type[MultiInterestRecommender]]
    settings: ClassVar[dict[str, Any]] = {}
    interests: ClassVar[int] = 1

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Ask for the case of each recipe and stage."""
        if "case" in metafunc.fixturenames:
            model_class = model_class_of(self.model)
            pairs = [(r, s) for r in recipes_of(model_class) for s in model_class.stages]
            names = [f"{recipe}-{stage}" for recipe, stage in pairs]
            metafunc.parametrize("case", pairs, ids=names, indirect=True)

    @pytest.fixture
    def case(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> ContractCase:
        """Return the model in the recipe and stage that are asked for."""
        monkeypatch.chdir(tmp_path)  # RecBole writes log folders where it stands
        recipe, stage = request.param
        return ContractCase.build(
            model_class_of(self.model), tmp_path, recipe=recipe, stage=stage, settings=self.settings
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
        wide = case.histories((1, 5, 4, 3))
        narrow = {name: values[:, :5] for name, values in wide.items()}
        _assert_close(case.interests(narrow), case.interests(wide))

    def test_the_padding_item_is_never_read(self, case: ContractCase) -> None:
        batch = case.histories()
        before = case.interests(batch)
        with torch.no_grad():
            case.model.items.embedding.weight[0] = 7.0
        _assert_close(case.interests(batch), before)

    def test_neighbours_in_the_batch_change_nothing(self, case: ContractCase) -> None:
        batch = case.histories()
        together, order = case.interests(batch), torch.tensor([2, 0, 3, 1])
        shuffled = {name: values[order] for name, values in batch.items()}
        _assert_close(case.interests(shuffled), together[order])
        for row in range(4):
            alone = {name: values[row : row + 1] for name, values in batch.items()}
            _assert_close(case.interests(alone)[0], together[row])

    def test_the_history_matters(self, case: ContractCase) -> None:
        interests = case.interests(case.histories((4, 4)))
        assert not torch.allclose(interests[0], interests[1])

    def test_serving_is_deterministic(self, case: ContractCase) -> None:
        batch = case.histories()
        before = case.interests(batch)
        torch.manual_seed(1)
        assert case.interests(batch).equal(before)

    def test_one_item_is_history_enough(self, case: ContractCase) -> None:
        assert case.interests(case.histories((1, 1, 1, 1))).isfinite().all()
        batch = case.first_rows(8)
        lengths = (batch[case.model.ITEM_SEQ] > 0).cumsum(dim=1)
        for name in case.histories():
            batch[name] = batch[name] * (lengths == 1)
        case.model.train()
        _step(case)(batch)
        assert all(p.isfinite().all() for p in case.model.parameters())

    def test_top_k_equals_brute_force(self, case: ContractCase) -> None:
        interests = case.interests(case.histories())
        table = case.model.item_table().detach()
        scores = torch.einsum("bkd,nd->bkn", interests.double(), table.double()).amax(1).float()
        scores[:, 0] = -torch.inf
        best = scores.topk(5, dim=1).values
        _assert_close(exact_top_k(interests, table, 5).scores, best)

    def test_recbole_s_scores_are_the_same(self, case: ContractCase) -> None:
        batch = case.histories()
        with torch.no_grad():
            every = case.model.full_sort_predict(batch)
            items = torch.tensor([3, 1, 7, 2])
            each = case.model.predict(batch | {case.model.ITEM_ID: items})
        direct = case.interests(batch) @ case.model.item_table().detach().T  # (B, K, N)
        _assert_close(every, direct.amax(dim=1))
        _assert_close(each, every.gather(1, items.unsqueeze(1))[:, 0])

    def test_some_training_steps(self, case: ContractCase) -> None:
        step = _step(case)
        case.model.train()
        for batch in case.data.train:
            parts = step(batch)
            assert len(parts) == len(case.model.loss_names)
            assert all(part.isfinite() for part in parts), dict(
                zip(case.model.loss_names, parts, strict=True)
            )
        assert all(parameter.isfinite().all() for parameter in case.model.parameters())

    def test_a_tiny_set_is_learnt_by_heart(self, case: ContractCase) -> None:
        step, batch = _step(case, learning_rate=0.03), case.first_rows(8)
        case.model.train()
        losses = [step(batch)[0].item() for _ in range(100)]
        assert sum(losses[-10:]) / 10 < losses[0] / 2
        interests, table = case.interests(batch), case.model.eval().item_table().detach()
        best = exact_top_k(interests, table, 3).ids  # (8, 3)
        hit = (best.unsqueeze(2) == batch[FUTURE_ITEMS].unsqueeze(1)).any(dim=2).any(dim=1)
        assert hit.float().mean() >= 0.75

    def test_a_saved_model_gives_the_same_lists(self, case: ContractCase, tmp_path: Path) -> None:
        step, stage = _step(case), case.model.stage
        for batch in case.data.train:
            step(batch)
        folder = RunFolder.create(tmp_path / "runs", "contract")
        with folder.update():
            folder.save_yaml("config.yaml", case.config.as_plain_dict())
            folder.save_weights(stage, case.model.state_dict())
        saved = RunFolder.open(folder.path)
        model_class = type(case.model)
        config = OpalConfig.from_plain(saved.load_yaml("config.yaml"), model_class)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(99)  # other starting weights and buffers
        model = model_class(config, data.dataset)
        model.set_stage(stage)
        model.load_state_dict(saved.load_weights(stage))
        before, after = _lists(case.model, case.data, case.config), _lists(model, data, config)
        assert before.any()
        assert after.equal(before)


def _step(case: ContractCase, learning_rate: float | None = None) -> Callable[[Any], Any]:
    """Return what takes one training step on a batch and returns the parts of the loss."""
    optimizer = build_optimizer(case.model, case.config)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate or group["lr"]

    def step(batch: Any) -> Any:
        optimizer.zero_grad()
        parts = case.model.calculate_loss(batch)
        torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return parts

    return step


def _lists(model: MultiInterestRecommender, data: PreparedData, config: OpalConfig) -> Tensor:
    """Return the lists of all test users, (E, k) int64."""
    trainer = StagedTrainer(config, model, stages=(model.stage,))
    return torch.from_numpy(trainer.judge(data.test).items)
