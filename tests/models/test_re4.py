"""Re4 inside the base: its backward flows by name and weight, whose items are strangers."""

import pytest
import torch

from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.models import Re4
from recbole_opal.models.re4 import _foreign
from recbole_opal.testing import ModelContract

FLOWS = ("reattend", "recontrast", "reconstruct")


@pytest.fixture
def build(quick_settings):
    def make(**changes):
        config = OpalConfig("Re4", "tiny", quick_settings | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        return Re4(config, data.dataset), next(iter(data.train))

    return make


def parts_of(model, batch, seed=0):
    torch.manual_seed(seed)  # the same negatives
    parts = model.calculate_loss(batch)
    return dict(zip(model.loss_names, parts, strict=True))


def test_each_flow_is_weighed_by_its_setting(build):
    model, batch = build()
    parts = parts_of(model, batch)
    assert tuple(parts) == ("retrieval", *FLOWS)
    for name in FLOWS:
        assert parts[name].item() > 0
        model.weights[name] *= 2
    twice = parts_of(model, batch)
    torch.testing.assert_close(twice["retrieval"], parts["retrieval"])
    for name in FLOWS:
        torch.testing.assert_close(twice[name], 2 * parts[name])


def test_a_flow_of_weight_zero_is_not_computed(build):
    model, batch = build(reattend_weight=0.0, recontrast_weight=0.0, reconstruct_weight=0.0)
    assert tuple(parts_of(model, batch)) == ("retrieval",)


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_reaches_the_encoder(build, flow):
    model, batch = build()
    parts_of(model, batch)[flow].backward()
    assert model.encoder.transform.weight.grad.abs().sum() > 0
    assert model.items.embedding.weight.grad.to_dense().abs().sum() > 0
    if flow == "reattend":  # the others follow attention by a threshold and through the interests
        assert model.encoder.logits.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    "options", [{"interest_output": "tanh"}, {"num_interests": 1}, {"recipe": "published"}], ids=str
)
def test_every_option_trains(build, options):
    model, batch = build(**options)
    sum(parts_of(model, batch).values()).backward()
    for weight in model.parameters():
        assert weight.grad is None or weight.grad.to_dense().isfinite().all()


def test_a_stranger_s_item_that_the_user_knows_is_no_negative():
    own = torch.tensor([[1, 2, 0], [3, 4, 5]])
    assert _foreign(own, own.roll(1, dims=0)).tolist() == [[True] * 3, [True, True, False]]
    known = torch.tensor([[2, 7, 0], [3, 6, 0]])
    assert _foreign(own, known).tolist() == [[False, True, False], [False, True, False]]


def test_a_batch_of_one_user_has_no_strangers(build):
    model, batch = build()
    one = {name: batch[name][:1] for name in ("item_id_list", "future_items")}
    assert parts_of(model, one)["recontrast"].isfinite()


def test_attention_learns_to_agree_with_the_scores(build):
    """Re-attend alone brings attention closer to the criterion that recommends."""
    model, batch = build(reattend_weight=1.0, temperature=0.5)
    model.encoder.transform.requires_grad_(False)
    model.items.requires_grad_(False)
    optimizer = torch.optim.Adam([p for p in model.encoder.parameters() if p.requires_grad], 0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = parts_of(model, batch)["reattend"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.01


class TestRe4(ModelContract):
    model = "Re4"
