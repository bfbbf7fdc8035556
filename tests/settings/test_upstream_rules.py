"""Legal values of RecBole's settings work as RecBole documents them, or are refused in one line."""

from pathlib import Path

import pytest

import recbole_opal
from recbole_opal.errors import SettingsError

MAX_NORM = {"max_norm": 1.0}


@pytest.mark.parametrize(
    ("model", "name", "value", "told"),
    [
        ("OPAL", "log_wandb", True, "write --tracking=wandb"),
        ("OPAL", "numerical_features", ["timestamp"], "reads features"),
        ("OPAL", "discretization", {"timestamp": {"method": "EW"}}, "reads features"),
        ("OPAL", "unload_col", {"inter": ["timestamp"]}, "write --load_col=None as well"),
        ("OPAL", "alias_of_user_id", ["friend_id"], "their own columns"),
        ("OPAL", "alias_of_item_id", ["other_id"], "their own columns"),
        ("OPAL", "alias_of_entity_id", ["other_id"], "knowledge graphs"),
        ("OPAL", "kg_reverse_r", True, "knowledge graphs"),
        ("OPAL", "HEAD_ENTITY_ID_FIELD", "head", "knowledge graphs"),
        ("OPAL", "entity_kg_num_interval", "[1,inf)", "knowledge graphs"),
        ("GRU4Rec", "clip_grad_norm", MAX_NORM | {"norm": 2}, "norm is none of max_norm"),
        ("GRU4Rec", "clip_grad_norm", {"norm_type": 2}, "names no max_norm"),
        ("GRU4Rec", "clip_grad_norm", {"max_norm": "5"}, "max_norm is '5', not a number"),
        ("GRU4Rec", "clip_grad_norm", {"max_norm": True}, "max_norm is True, not a number"),
        ("GRU4Rec", "clip_grad_norm", {"max_norm": -1}, "max_norm is -1, not a number"),
        ("GRU4Rec", "clip_grad_norm", {"max_norm": float("nan")}, "not a number above 0"),
        ("GRU4Rec", "clip_grad_norm", MAX_NORM | {"foreach": 1}, "foreach is 1, not True or"),
        ("GRU4Rec", "LIST_SUFFIX", "", "would replace it"),
        ("BPR", "NEG_PREFIX", "", "would replace it"),
        ("BPR", "LABEL_FIELD", "user_id", "the column of --USER_ID_FIELD too"),
        ("GRU4Rec", "ITEM_LIST_LENGTH_FIELD", "item_id", "the column of --ITEM_ID_FIELD too"),
        ("GRU4Rec", "POSITION_FIELD", "timestamp", "the column of --TIME_FIELD too"),
        (
            "BPR",
            "train_neg_sample_args",
            {"distribution": "uniform", "number": 2},
            "number is none",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(
    quick_settings, model, name, value, told
):
    with pytest.raises(SettingsError) as caught:
        recbole_opal.run(model, "tiny", **common(quick_settings), **{name: value})
    assert f"--{name}" in str(caught.value)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path(quick_settings["checkpoint_dir"]).exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"clip_grad_norm": MAX_NORM | {"norm_type": float("inf"), "error_if_nonfinite": True}},
        {"clip_grad_norm": {}},
        {"unload_col": {"inter": ["rating"]}, "load_col": None},
        {"wandb_project": "mine", "log_wandb": False, "shuffle": False, "metric_decimal_place": 2},
        {"HEAD_ENTITY_ID_FIELD": "head_id", "entity_kg_num_interval": "[0,inf)"},
        {"unload_col": None, "alias_of_user_id": [], "numerical_features": [], "threshold": None},
        {"enable_amp": True, "enable_scaler": True, "weight_decay": 1, "learner": "adamw"},
        {"ITEM_LIST_LENGTH_FIELD": "n", "LABEL_FIELD": "l", "LIST_SUFFIX": "_s", "NEG_PREFIX": "n"},
    ],
)
def test_what_can_work_does(quick_settings, settings):
    result = recbole_opal.run(
        "GRU4Rec", "tiny", **common(quick_settings) | {"epochs": 1}, **settings
    )
    assert result.best_stage == "train"


def test_the_digits_of_the_loss_in_the_log_are_those_asked_for(quick_settings):
    settings = common(quick_settings) | {"epochs": 1}
    result = recbole_opal.run("BPR", "tiny", **settings, loss_decimal_place=7)
    log = (result.folder / f"{result.folder.name}.log").read_text()
    loss = log.partition("loss=")[2].split()[0]
    assert len(loss.partition(".")[2]) == 7


def common(settings: dict) -> dict:
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    return {name: value for name, value in settings.items() if name not in own}
