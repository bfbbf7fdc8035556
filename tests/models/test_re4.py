"""Re4 inside the base: its backward flows by name and weight, whose items are strangers."""

import pytest
import torch

from recbole_opal.batches import TrainingBatch
from recbole_opal.models.re4 import _foreign
from recbole_opal.testing import ModelContract
from recbole_opal.testing.case import part

FLOWS = ("reattend", "recontrast", "reconstruct")


@pytest.fixture
def build(build_model):
    return lambda **changes: build_model("Re4", **changes)


def test_each_flow_is_weighed_by_its_setting(build):
    built = build()
    parts = built.losses()
    assert tuple(parts) == ("retrieval", *FLOWS)
    for name in FLOWS:
        assert parts[name].item() > 0
        weight = getattr(built.network.settings, f"{name}_weight")
        setattr(built.network.settings, f"{name}_weight", 2 * weight)
    twice = built.losses()
    torch.testing.assert_close(twice["retrieval"], parts["retrieval"])
    for name in FLOWS:
        torch.testing.assert_close(twice[name], 2 * parts[name])


def test_a_flow_of_weight_zero_is_not_computed(build):
    built = build(reattend_weight=0.0, recontrast_weight=0.0, reconstruct_weight=0.0)
    assert tuple(built.losses()) == ("retrieval",)


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_reaches_the_encoder(build, flow):
    built = build()
    model = built.network
    built.losses()[flow].backward()
    assert model.encoder.transform.weight.grad.abs().sum() > 0
    assert model.items.embedding.weight.grad.to_dense().abs().sum() > 0
    if flow == "reattend":  # the others follow attention by a threshold and through the interests
        assert model.encoder.logits.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    "options", [{"interest_output": "tanh"}, {"num_interests": 1}, {"recipe": "published"}], ids=str
)
def test_every_option_trains(build, options):
    built = build(**options)
    sum(built.losses().values()).backward()
    for weight in built.network.parameters():
        assert weight.grad is None or weight.grad.to_dense().isfinite().all()


def test_a_stranger_s_item_that_the_user_knows_is_no_negative():
    own = torch.tensor([[1, 2, 0], [3, 4, 5]])
    assert _foreign(own, own.roll(1, dims=0)).tolist() == [[True] * 3, [True, True, False]]
    known = torch.tensor([[2, 7, 0], [3, 6, 0]])
    assert _foreign(own, known).tolist() == [[False, True, False], [False, True, False]]


def test_a_batch_of_one_user_has_no_strangers(build):
    built = build()
    one = TrainingBatch(part(built.batch.histories, [0]), built.batch.targets[:1])
    assert built.losses(one)["recontrast"].isfinite()


def test_attention_learns_to_agree_with_the_scores(build):
    """Re-attend alone brings attention closer to the criterion that recommends."""
    built = build(reattend_weight=1.0, temperature=0.5)
    model = built.network
    model.encoder.transform.requires_grad_(False)
    model.items.requires_grad_(False)
    optimizer = torch.optim.Adam([p for p in model.encoder.parameters() if p.requires_grad], 0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = built.losses()["reattend"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.01


class TestRe4(ModelContract):
    model = "Re4"
