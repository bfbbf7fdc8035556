import json

import numpy as np
import pytest
from pydantic import ValidationError

from recbole_opal.comparison.row import Difference, Row, Spread, spread


def test_the_spread_is_the_sample_standard_deviation():
    found = spread([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(7 / 3)
    assert found.sd == pytest.approx(np.sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2))
    assert found.values == [1.0, 2.0, 4.0]


def test_one_seed_has_no_spread():
    assert spread([0.5]).model_dump() == {"mean": 0.5, "sd": None, "values": [0.5]}


@pytest.mark.parametrize("values", [[], [None], [1.0, None], [1.0, float("nan")]])
def test_a_number_that_is_missing_is_none(values):
    assert spread(values) is None


def failed(**more):
    return Row(label="MIND", variant="MIND", model="MIND", **more)


def test_a_failed_row_is_plain_data_too():
    row = failed(settings={"epochs": 2}, error="seed 1: killed")
    plain = json.loads(json.dumps(row.model_dump()))
    assert plain["error"] == "seed 1: killed"
    assert plain["test"] == {}
    assert not row.measured


def test_a_row_as_comparison_json_holds_it(row_maker):
    plain = row_maker("OPAL", "OPAL", 0.25, seeds=2).model_dump()
    assert set(plain) == {
        "label", "variant", "model", "stage", "settings", "num_interests", "runs", "error",
        "valid", "test", "train_seconds", "epochs", "test_seconds", "user_seconds", "peak_memory",
        "parameters", "cut_short", "diagnostics", "against_best", "against_opal",
    }  # fmt: skip
    assert plain["test"]["recall@10"]["values"] == [0.25, 0.251]
    assert plain["peak_memory"]["mean"] == 512 << 20
    assert plain["test_seconds"] is None


def test_what_a_file_has_as_null_is_not_there():
    row = failed(
        stage=None, settings=None, runs={"1": "../a", "2": None}, cut_short=None,
        valid={"a": None, "b": {"mean": None}, "c": {"mean": 1.0, "values": [1.0, None]}},
        test=None, epochs={"mean": None}, against_best={"a": {"difference": None}},
    )  # fmt: skip
    assert (row.stage, row.settings, row.runs, row.cut_short) == ("", {}, {"1": "../a"}, 0)
    assert row.valid == {"c": Spread(mean=1.0, values=[1.0])}
    assert (row.test, row.epochs, row.against_best, row.costs) == ({}, None, {}, {})


@pytest.mark.parametrize(
    "odd", [{"cut_short": True}, {"valid": {"a": {"mean": 1e99}}}, {"num_interests": "8"},
            {"runs": {"1": "a\0"}}, {"test": {"a": {}}}, {"epochs": 5},
            {"test": {"recall@x": {"mean": 1.0}}}],
)  # fmt: skip
def test_a_wrong_type_is_refused(odd):
    with pytest.raises(ValidationError):
        failed(**odd)


def test_a_difference_that_is_turned_round():
    found = Difference(difference=0.0, low=-0.1, high=0.2, effect_size=0.0, p=0.5)
    assert not found.excludes_zero
    assert found.mirrored() == Difference(
        difference=0.0, low=-0.2, high=0.1, effect_size=0.0, p=0.5
    )
    assert str(found.mirrored().difference) == "0.0"
    assert Difference(difference=1.0, low=0.5, high=2.0).mirrored().effect_size is None


def test_a_line_of_numbers(row_maker):
    row = row_maker("OPAL", "OPAL", 0.25)
    row.against_best = {"recall@10": Difference(difference=-0.1, low=-0.2, high=0.0)}
    line = row.flat()
    assert line["test_recall@10_mean"] == 0.2505
    assert line["valid_recall@10_sd"] == row.valid["recall@10"].sd
    assert (line["test_seconds_mean"], line["epochs_mean"]) == (None, 7.0)
    assert line["against_best_recall@10_low"] == -0.2
    assert json.loads(line["settings"]) == {"epochs": 2, "topk": [5, 10]}
