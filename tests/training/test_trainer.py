"""The trainer: stages, stopping, bad losses, and what RecBole's trainer leaves out."""

import numpy as np
import pytest
import torch

from recbole_opal.errors import SettingsError, TrainingError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import OPAL
from recbole_opal.host.trainer import TwoStageTrainer
from recbole_opal.runs.weights_stage import STAGE

CONSTANT = {"learning_rate": 0.001, "learning_rate_schedule": "constant", "warmup_steps": 0}


@pytest.fixture
def build(quick_settings):
    def make(**changes):
        two = {"stages": "soft,hard"}
        config = OpalConfig("OPAL", "tiny", quick_settings | CONSTANT | two | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        model = OPAL(config, data.dataset).to(config["device"])
        return TwoStageTrainer(config, model), data

    return make


def fake_scores(trainer, monkeypatch, scores):
    """Let validation give these scores, one after the other."""
    remaining = iter(scores)
    monkeypatch.setattr(
        "recbole_opal.host.trainer.StagedTrainer.evaluate",
        lambda self, *a, **k: {"recall@10": next(remaining)},
    )


def test_all_stages_train_and_the_best_one_is_left_in_the_model(build):
    trainer, data = build(stages="soft,hard,next")
    score, result = trainer.fit(data.train, data.valid)
    assert list(trainer.loop.records) == ["soft", "hard", "next"]
    assert [record.epochs for record in trainer.loop.records.values()] == [2, 2, 2]
    assert score == max(record.score for record in trainer.loop.records.values())
    assert result["recall@10"] == score
    assert trainer.model.stage == trainer.loop.best_stage
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(value, trainer.loop.weights[trainer.loop.best_stage][name])


def test_the_hard_stage_starts_from_the_best_soft_weights_with_a_fresh_optimiser(
    build, monkeypatch
):
    trainer, data = build(epochs=3)
    fake_scores(trainer, monkeypatch, [0.5, 0.4, 0.3, 0.1, 0.1, 0.1, 0.1])
    entered = {}
    enter = trainer.loop.enter_stage

    def watch(stage):
        enter(stage)
        entered["weights"] = {k: v.clone() for k, v in trainer.model.state_dict().items()}
        entered["memory"] = [len(o.state) for o in trainer.loop.optimizer.optimizers]

    monkeypatch.setattr(trainer.loop, "enter_stage", watch)
    trainer.fit(data.train, data.valid)
    assert trainer.loop.records["soft"].best_epoch == 0
    for name, value in entered["weights"].items():
        assert torch.equal(value, trainer.loop.weights["soft"][name])
    assert entered["memory"] == [0, 0]


def test_a_later_stage_is_never_worse_than_what_it_starts_from(build, monkeypatch):
    trainer, data = build(epochs=2)
    fake_scores(trainer, monkeypatch, [0.2, 0.3, 0.3, 0.1, 0.2])
    trainer.fit(data.train, data.valid)
    hard = trainer.loop.records["hard"]
    assert (hard.best_epoch, hard.score, hard.epochs) == (-1, 0.3, 2)
    soft = trainer.loop.weights["soft"]
    hard_weights = trainer.loop.weights["hard"]
    changed = {name for name, value in hard_weights.items() if not torch.equal(value, soft[name])}
    assert changed == {STAGE}


def test_a_stage_stops_after_more_than_stopping_step_bad_validations(build, monkeypatch):
    trainer, data = build(epochs=50, stopping_step=2, stages="soft")
    fake_scores(trainer, monkeypatch, [0.1, 0.3, 0.2, 0.2, 0.2, 0.9])
    trainer.fit(data.train, data.valid)
    record = trainer.loop.records["soft"]
    assert (record.epochs, record.best_epoch, record.score) == (5, 1, 0.3)
    assert record.ended == "stopping_step"


def test_ties_are_no_gain(build, monkeypatch):
    """In RecBole a metric that stays at 0 never stops training."""
    trainer, data = build(epochs=50, stopping_step=2, stages="soft")
    fake_scores(trainer, monkeypatch, [0.0] * 50)
    trainer.fit(data.train, data.valid)
    assert trainer.loop.records["soft"].epochs == 4
    assert trainer.loop.records["soft"].best_epoch == 0


def test_each_stage_stops_by_itself(build, monkeypatch):
    trainer, data = build(epochs=50, stopping_step=1)
    # Soft: best 0.9 at epoch 0. Hard begins anew: 0.2, 0.3 are gains though below 0.9.
    fake_scores(trainer, monkeypatch, [0.9, 0.1, 0.1, 0.15, 0.2, 0.3, 0.1, 0.1])
    trainer.fit(data.train, data.valid)
    assert trainer.loop.records["hard"].best_epoch == 1
    assert trainer.loop.best_stage == "soft"


@pytest.mark.parametrize("stages", ["soft", "hard", "soft,hard"])
def test_stages_can_be_picked(build, stages):
    trainer, data = build(stages=stages, epochs=1)
    trainer.fit(data.train, data.valid)
    assert list(trainer.loop.records) == stages.split(",")


def test_an_unknown_stage_is_refused(quick_settings):
    with pytest.raises(SettingsError, match="stages"):
        OpalConfig("OPAL", "tiny", quick_settings | {"stages": "soft,firm"})


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_with_epoch_and_step(build, monkeypatch, bad):
    trainer, data = build()
    calls = {"n": 0}
    loss = trainer.model.calculate_loss

    def spoil(batch):
        calls["n"] += 1
        parts = loss(batch)
        return (parts[0] * bad, *parts[1:]) if calls["n"] == 4 else parts

    monkeypatch.setattr(trainer.model, "calculate_loss", spoil)
    steps = len(data.train)
    where = f"stage soft, epoch {3 // steps}, step {3 % steps + 1}"
    with pytest.raises(TrainingError, match=where):
        trainer.fit(data.train, data.valid)


@pytest.mark.parametrize("scores", [[float("nan")], [0.2, float("nan")]])
def test_a_score_that_is_no_number_stops_with_its_metric(build, monkeypatch, scores):
    """It would keep the weights that nothing has trained, and test those."""
    trainer, data = build(epochs=3, stages="soft")
    fake_scores(trainer, monkeypatch, scores)
    where = f"recall@10 on validation .* stage soft, epoch {len(scores) - 1}.*--valid_metric"
    with pytest.raises(TrainingError, match=where):
        trainer.fit(data.train, data.valid)


def test_history_holds_the_mean_of_every_part_of_the_loss(build, monkeypatch):
    trainer, data = build(epochs=1)
    step, sums = trainer.loop.step, {}

    def add_up(batch):
        parts = step(batch)
        if trainer.loop.stage == "hard":
            sums.update({name: sums.get(name, 0.0) + value for name, value in parts.items()})
        return parts

    monkeypatch.setattr(trainer.loop, "step", add_up)
    trainer.fit(data.train, data.valid)
    soft, hard = trainer.loop.history
    assert set(soft["loss"]) == {"retrieval", "orthogonality", "uniformity"}
    assert set(hard["loss"]) == {*soft["loss"], "hard_uniformity", "unique"}
    assert {"recall@5", "hit@10", "ndcg@10"} <= set(hard["valid"])
    steps = len(data.train)
    assert steps > 1
    assert hard["loss"].keys() == sums.keys()
    for name, total in sums.items():
        assert hard["loss"][name] == pytest.approx(total / steps)


def test_one_line_an_epoch(build, caplog):
    trainer, data = build(epochs=2, stages="soft")
    with caplog.at_level("INFO", logger="recbole_opal"):
        trainer.fit(data.train, data.valid)
    lines = [r.message for r in caplog.records if r.name == "recbole_opal"]
    cost = lines.pop(1)  # what the run will take, told once, after the first epoch
    assert cost.startswith("cost: at most ")
    assert len(lines) == 2
    for word in ("stage=soft", "epoch=1", "retrieval=", "uniformity=", "valid_recall@10=", "best="):
        assert word in lines[1]


def test_epochs_without_validation_are_logged_too(build, caplog):
    trainer, data = build(epochs=3, eval_step=3, stages="soft")
    with caplog.at_level("INFO", logger="recbole_opal"):
        trainer.fit(data.train, data.valid)
    lines = [r.message for r in caplog.records if r.name == "recbole_opal"]
    assert len(lines) == 3
    assert ["valid_" in line for line in lines] == [False, False, True]


def test_loss_falls_on_data_with_structure(build):
    options = {"learning_rate": 0.03, "item_start": "random", "stopping_step": 100}
    trainer, data = build(epochs=60, stages="soft", **options)
    untrained = trainer.evaluate(data.valid, load_best_model=False)
    trainer.fit(data.train, data.valid)
    losses = [row["loss"]["retrieval"] for row in trainer.loop.history]
    assert losses[-1] < losses[0] - 0.5
    assert trainer.loop.history[-1]["valid"]["recall@10"] > untrained["recall@10"] + 0.1


def test_the_best_stage_is_evaluated_unless_the_model_as_it_is_is_asked_for(build):
    trainer, data = build(epochs=4, learning_rate=0.03, fusion="fixed")  # the stages differ
    score, result = trainer.fit(data.train, data.valid)
    (other,) = set(trainer.loop.records) - {trainer.loop.best_stage}
    trainer.loop.load_stage(other)
    as_it_is = trainer.evaluate(data.valid, load_best_model=False)
    assert as_it_is == trainer.loop.records[other].valid != result
    assert trainer.model.stage == other
    assert trainer.evaluate(data.valid) == result
    assert trainer.model.stage == trainer.loop.best_stage
    assert result["recall@10"] == score


def test_tensorboard_is_written_unless_switched_off(build, tmp_path):
    trainer, data = build(epochs=1, stages="soft")
    trainer.fit(data.train, data.valid)
    assert not list(tmp_path.rglob("events.out.tfevents*"))
    trainer, data = build(epochs=1, stages="soft", tensorboard=True)
    trainer.fit(data.train, data.valid)
    events = list(tmp_path.rglob("events.out.tfevents*"))
    assert events
    written = b"".join(path.read_bytes() for path in events)
    for tag in (b"Loss/Train/soft/retrieval", b"Valid/soft/recall@10"):
        assert tag in written


def test_mixed_precision_trains(build):
    trainer, data = build(epochs=2, enable_amp=True)
    score, _ = trainer.fit(data.train, data.valid)
    assert np.isfinite(score)


def test_weights_broken_by_the_last_step_are_not_validated(build, monkeypatch):
    """The loss of a step is taken before it, so that only the weights tell of the last one."""
    trainer, data = build(epochs=1)
    step, number = trainer.loop.step, {"n": 0}

    def spoil(batch):
        losses = step(batch)
        number["n"] += 1
        if number["n"] == len(data.train):
            with torch.no_grad():
                next(iter(trainer.model.parameters()))[0] = float("nan")
        return losses

    monkeypatch.setattr(trainer.loop, "step", spoil)
    with pytest.raises(TrainingError, match="no finite numbers any more after stage soft, epoch 0"):
        trainer.fit(data.train, data.valid)


def test_without_validation_the_last_weights_are_kept(build):
    trainer, data = build(epochs=2, stages="soft")
    trainer.fit(data.train)
    assert trainer.loop.records["soft"].best_epoch == 1
    assert trainer.loop.records["soft"].ended == "epochs"


def test_gradients_are_clipped(build):
    clipped = {"clip_grad_norm": {"max_norm": 1e-12}, "item_gradient": "dense"}
    trainer, data = build(epochs=1, stages="soft", **clipped)
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.loop.optimizer = torch.optim.SGD(trainer.model.parameters(), lr=1.0)
    trainer.loop.step(next(iter(data.train)))
    for name, value in trainer.model.state_dict().items():
        assert torch.allclose(value, before[name], atol=1e-9), name
