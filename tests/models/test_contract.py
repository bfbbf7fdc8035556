"""What every registered multi-interest model must do; a new model is tested by being registered."""

import pytest
import torch
from torch.nn import functional

import recbole_opal
from recbole_opal.data.prepare import prepare_data
from recbole_opal.models import MODELS
from recbole_opal.retrieval import exact_top_k
from recbole_opal.runs import RunFolder
from recbole_opal.settings.config import OpalConfig
from recbole_opal.settings.model_schemas import MODEL_SECTIONS
from recbole_opal.training.trainer import StagedTrainer

CASES = [(name, stage) for name, model in MODELS.items() for stage in model.stages]


def settings_of(name, quick_settings):
    """Leave away what the model has no setting for."""
    known = MODEL_SECTIONS[name].model_fields
    ours = {key for section in MODEL_SECTIONS.values() for key in section.model_fields}
    return {k: v for k, v in quick_settings.items() if k in known or k not in ours}


@pytest.fixture(params=CASES, ids="-".join)
def case(request, quick_settings):
    """Return a model in one of its stages, its data and its configuration."""
    name, stage = request.param
    settings = settings_of(name, quick_settings)
    config = OpalConfig(name, "tiny", settings)
    data = prepare_data(config, future_items=True)
    torch.manual_seed(0)
    model = MODELS[name](config, data.dataset).eval()
    model.set_stage(stage)
    return model, data, config


def histories(model, lengths=(1, 10, 4, 7)):
    generator = torch.Generator().manual_seed(0)
    items = torch.randint(1, model.n_items, (len(lengths), 10), generator=generator)
    return items * (torch.arange(10) < torch.tensor(lengths).unsqueeze(1))


def interests_of(model, items):
    batch = {"item_id_list": items}
    if model.needs_times:  # of the row's own items, oldest first, so that they move with the row
        batch["timestamp_list"] = (1.65e9 + 2e4 * items.double().cumsum(1)) * (items > 0)
    with torch.no_grad():
        return model.interests(batch)


def test_every_model_has_settings_and_a_yaml():
    assert set(MODELS) == set(MODEL_SECTIONS)


def test_shapes(case):
    model, data, config = case
    interests = interests_of(model, histories(model))
    batch, count, width = interests.shape
    assert batch == 4
    assert count == (config["num_interests"] or 1)  # YouTubeDNN has one and no such setting
    assert model.item_table().shape == (data.dataset.item_num, width)
    assert interests.isfinite().all()


def test_padding_changes_nothing(case):
    model, _, _ = case
    items = histories(model, (1, 5, 4, 3))
    torch.testing.assert_close(
        interests_of(model, items[:, :5]), interests_of(model, items), rtol=0, atol=1e-6
    )


def test_neighbours_in_the_batch_change_nothing(case):
    model, _, _ = case
    items = histories(model)
    together = interests_of(model, items)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(
        interests_of(model, items[order]), together[order], rtol=0, atol=1e-6
    )
    for row in range(4):
        alone = interests_of(model, items[row : row + 1])
        torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-6)


def test_serving_is_deterministic(case):
    model, _, _ = case
    items = histories(model)
    assert interests_of(model, items).equal(interests_of(model, items))


def test_one_item_is_history_enough(case):
    model, _, _ = case
    assert interests_of(model, histories(model, (1, 1, 1, 1))).isfinite().all()


def test_top_k_equals_brute_force(case):
    model, _, _ = case
    interests, table = interests_of(model, histories(model)), model.item_table().detach()
    scores = torch.einsum("bkd,nd->bkn", interests.double(), table.double()).amax(1).float()
    scores[:, 0] = -torch.inf
    best = scores.topk(5, dim=1).values
    torch.testing.assert_close(exact_top_k(interests, table, 5).scores, best)


def test_the_loss_falls_until_a_tiny_set_is_known_by_heart(case):
    model, data, config = case
    trainer = StagedTrainer(config, model, stages=(model.stage,))
    batch = next(iter(data.train))
    model.train()
    losses = []
    for group in trainer.optimizer.param_groups:
        group["lr"] = 0.03
    for _ in range(150):
        trainer.optimizer.zero_grad()
        parts = model.calculate_loss(batch)
        sum(parts).backward()
        trainer.optimizer.step()
        losses.append(parts[0].item())
    assert all(torch.isfinite(torch.tensor(losses)))
    assert sum(losses[-10:]) / 10 < losses[0] / 2


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_gives_the_same_lists(name, quick_settings):
    settings = settings_of(name, quick_settings)
    result = recbole_opal.run(name, "tiny", **settings | {"epochs": 1})
    folder = RunFolder.open(result.folder)
    config = OpalConfig.from_plain(folder.load_yaml("config.yaml"))
    data = prepare_data(config, future_items=True)
    torch.manual_seed(99)  # other starting weights and buffers than the run's
    model = MODELS[name](config, data.dataset)
    stage = model.stages[0]
    model.set_stage(stage)
    model.load_state_dict(folder.load_weights(stage))
    trainer = StagedTrainer(config, model, stages=(stage,))
    trainer.eval_collector.data_collect(data.train)
    assert trainer.evaluate(data.test, load_best_model=False) == result.stages[stage]["test"]


def test_padding_is_never_attended(case):
    """Whatever stands in the padding's row of the table, interests stay."""
    model, _, _ = case
    items = functional.pad(histories(model, (2, 3, 1, 5))[:, :5], (0, 3))
    before = interests_of(model, items)
    with torch.no_grad():
        model.items.embedding.weight[0] = 7.0
    assert interests_of(model, items).equal(before)
