import json

import numpy as np
import pytest

from recbole_opal.comparison.rows import Row, spread


def test_the_spread_is_the_sample_standard_deviation():
    found = spread([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(7 / 3)
    assert found.sd == pytest.approx(np.sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2))
    assert found.values == [1.0, 2.0, 4.0]


def test_one_seed_has_no_spread():
    assert spread([0.5]).as_plain() == {"mean": 0.5, "sd": None, "values": [0.5]}


@pytest.mark.parametrize("values", [[], [None], [1.0, None], [1.0, float("nan")]])
def test_a_number_that_is_missing_is_none(values):
    assert spread(values) is None


def test_a_failed_row_is_plain_data_too():
    row = Row("MIND", "MIND", "MIND", "", {"epochs": 2}, error="seed 1: killed")
    plain = json.loads(json.dumps(row.as_plain()))
    assert plain["error"] == "seed 1: killed"
    assert plain["test"] == {}
    assert not row.measured


def test_a_row_as_comparison_json_holds_it(row_maker):
    plain = row_maker("OPAL", "OPAL", 0.25, seeds=2).as_plain()
    assert set(plain) == {
        "label", "variant", "model", "stage", "settings", "num_interests", "runs", "error",
        "valid", "test", "train_seconds", "epochs", "test_seconds", "peak_memory", "parameters",
        "cut_short", "diagnostics", "against_best", "against_opal",
    }  # fmt: skip
    assert plain["test"]["recall@10"]["values"] == [0.25, 0.251]
    assert plain["peak_memory"]["mean"] == 512 << 20
    assert plain["test_seconds"] is None
