"""Losses and weights that are no numbers: told where, with the settings that can be the cause."""

import pytest
import torch
from torch import nn

from recbole_opal.errors import TrainingError
from recbole_opal.training.finite import check_losses, check_score, check_weights


class Settings(dict):
    def __missing__(self, name):
        return None  # as RecBole's Config


SETTINGS = Settings(learning_rate=0.5, temperature=0.001, attention_power=0.5, enable_amp=False)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_bad_loss_names_the_settings_and_not_the_learning_rate_alone(bad):
    losses = {"orthogonality": 1.0, "retrieval": bad}
    with pytest.raises(TrainingError) as caught:
        check_losses(losses, SETTINGS, "stage soft, epoch 0, step 3")
    message = str(caught.value)
    assert "(its part retrieval) in stage soft, epoch 0, step 3" in message
    for word in ("--learning_rate=0.5", "--temperature=0.001", "--attention_power=0.5"):
        assert word in message
    assert "enable_amp" not in message  # it is off
    assert "hardness" not in message  # the model has no such setting
    assert "orthogonality" not in message  # that part is sound
    check_losses({"loss": -2.0}, SETTINGS, "anywhere")


def test_a_regulariser_that_went_wrong_names_its_weight():
    settings = Settings(learning_rate=0.5, uniformity_weight=1e30, temperature=0.1, enable_amp=True)
    with pytest.raises(TrainingError) as caught:
        check_losses({"retrieval": 1.0, "uniformity": float("inf")}, settings, "anywhere")
    for word in ("--uniformity_weight=1e+30", "--learning_rate", "--enable_amp=True: leave it off"):
        assert word in str(caught.value)
    assert "temperature" not in str(caught.value)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_bad_weight_is_named(bad):
    model = nn.Sequential(nn.Linear(2, 2), nn.Embedding(3, 2))
    check_weights(model, SETTINGS, "stage soft, epoch 0")
    with torch.no_grad():
        model[1].weight[2, 1] = bad
    with pytest.raises(TrainingError, match=r"`1\.weight`.*after stage soft, epoch 0"):
        check_weights(model, SETTINGS, "stage soft, epoch 0")


def test_empty_and_whole_numbered_parameters_are_no_problem():
    model = nn.Module()
    model.nothing = nn.Parameter(torch.empty(0))
    model.count = nn.Parameter(torch.ones(1, dtype=torch.int64), requires_grad=False)
    check_weights(model, SETTINGS, "anywhere")


def test_a_metric_that_decides_must_have_a_value():
    settings = Settings(valid_metric="GAUC", metrics=["GAUC", "NDCG"], topk=[5, 10])
    check_score(0.0, settings, "stage soft, epoch 0")
    with pytest.raises(TrainingError, match=r"--valid_metric=GAUC has no value.*=NDCG@10\.$"):
        check_score(float("nan"), settings, "stage soft, epoch 0")
    settings["metrics"] = ["GAUC"]
    with pytest.raises(TrainingError, match=r"=Recall@10 --metrics=Recall\.$"):
        check_score(float("nan"), settings, "stage soft, epoch 0")
