"""What programs hand over as settings: paths, numbers of numpy, arrays, ranges, enumerations."""

import collections
import datetime
import decimal
import enum
import fractions
import pathlib

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.errors import SettingsError
from recbole_opal.settings.border import plain_settings_given, plain_value, text_given
from recbole_opal.side_by_side.compare import compare
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.variants import Variant


class Metric(str, enum.Enum):
    RECALL = "Recall"


class Level(enum.IntEnum):
    LOW = 3


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (pathlib.Path("a/b"), "a/b"),
        (pathlib.PurePosixPath("a"), "a"),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([5, 10]), [5, 10]),
        (np.array(5), 5),
        (np.array([[1], [2]]), [[1], [2]]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1, "a"], dtype=object), [1, "a"]),
        (torch.tensor([1, 2]), [1, 2]),
        (torch.tensor(0.5), 0.5),
        (range(1, 4), [1, 2, 3]),
        ({3, 1}, [1, 3]),
        pytest.param(frozenset("ba"), ["a", "b"], id="frozenset"),  # its text varies by run
        ({"b": 1}.keys(), ["b"]),
        (collections.deque([1]), [1]),
        ((np.int64(1), 2), (1, 2)),
        ([Metric.RECALL, np.int64(1)], ["Recall", 1]),
        (Metric.RECALL, "Recall"),
        (Level.LOW, 3),
        (fractions.Fraction(1, 2), 0.5),
        (decimal.Decimal("0.5"), 0.5),
        ({"split": {"RS": np.array([8, 1, 1])}}, {"split": {"RS": [8, 1, 1]}}),
        (collections.OrderedDict(a=(1,)), {"a": (1,)}),
        (None, None),
        (True, True),
        ("x", "x"),
    ],
    ids=repr,
)
def test_library_types_become_plain(value, plain):
    found = plain_value("x", value)
    assert found == plain
    assert type(found) is type(plain)


ENDLESS: list = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (datetime.date(2021, 1, 1), "datetime.date"),
        (np.datetime64("2021-01-01"), "datetime.date"),
        (b"x", "bytes"),
        (1j, "complex"),
        (np.complex64(1j), "complex"),
        (object, "type"),
        (len, "builtin_function_or_method"),
        (iter([1]), "list_iterator"),
        ({1, "a"}, "set"),
        ({(1,): 2}, "tuple"),
        ([object()], "object"),
        (ENDLESS, "holds itself"),
        (10**5000, "int"),
        (list(range(200_000)), "list"),
        ("\udcff", "bytes"),
    ],
    ids=lambda value: str(type(value)),
)
def test_what_has_no_plain_form_is_told_with_its_type(value, kind):
    with pytest.raises(SettingsError) as caught:
        plain_value("topk", value)
    assert str(caught.value).startswith("--topk: ")
    assert kind in str(caught.value)
    assert len(str(caught.value)) < 1600


def test_the_name_of_a_setting_is_a_text():
    with pytest.raises(SettingsError, match="of type int"):
        plain_settings_given({1: 2})


@pytest.mark.parametrize(("value", "text"), [(2020, "2020"), (pathlib.Path("x"), "x"), ("a", "a")])
def test_names_are_texts(value, text):
    assert text_given("dataset", value) == text


@pytest.mark.parametrize("value", [None, True, ["x"], "", b"x"])
def test_what_is_no_name_is_told(value):
    with pytest.raises(SettingsError, match="--dataset"):
        text_given("dataset", value)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("epochs", np.int64(1), 1),
        ("topk", np.array([50, 5]), [50, 5]),
        ("topk", range(50, 52), [50, 51]),
        ("learning_rate", np.float32(0.5), 0.5),
        ("tensorboard", np.bool_(False), False),
        ("checkpoint_dir", pathlib.Path("here"), "here"),
        ("gpu_id", [0, 1], "0,1"),
        ("gpu_id", np.int64(1), "1"),
        ("metrics", (Metric.RECALL,), ["Recall"]),
        ("user_inter_num_interval", np.array([5, 10]), "[5,10]"),
    ],
)
def test_a_configuration_takes_them(configure, name, value, kept):
    assert configure(**{name: value})[name] == kept


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("num_interests", "4", "being a text (str)"),
        ("topk", datetime.date(2021, 1, 1), "datetime.date"),
        ("data_path", True, "being a truth value (bool)"),
    ],
)
def test_a_value_that_looks_right_is_told_with_its_type(refusal, name, value, told):
    assert told in refusal(**{name: value})


def test_an_upstream_setting_that_looks_right_is_told_with_its_type(refusal):
    assert "being a text (str)" in refusal("SASRec", n_layers="3")


def test_run_takes_them(quick_settings, data_path):
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {name: value for name, value in quick_settings.items() if name not in own}
    settings |= {
        "data_path": pathlib.Path(data_path),
        "checkpoint_dir": pathlib.Path(quick_settings["checkpoint_dir"]),
        "epochs": np.int64(1),
        "topk": np.array([5, 10]),
    }
    result = recbole_opal.run("Pop", np.str_("tiny"), **settings)
    assert "recall@5" in result.stages["train"]["test"]
    again = recbole_opal.resume(
        result.folder, epochs=np.int64(1), data_path=pathlib.Path(data_path)
    )
    assert again.stages == result.stages


def test_a_comparison_takes_them(tiny_data):
    plan = make_plan(
        [Variant("OPAL", {"num_interests": np.int64(8)}), Variant("Pop")],
        "tiny",
        settings={"data_path": tiny_data, "topk": np.array([50]), "epochs": np.int64(2)},
    )
    assert plan.variants[0].label == "OPAL num_interests=8"
    assert plan.shared == {"data_path": str(tiny_data), "topk": [50], "epochs": 2}
    run = plan.run(plan.variants[0], 1)
    assert run.settings["num_interests"] == 8


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seeds": "abc"}, "--seeds=abc"),
        ({"seeds": [1, 1]}, "names a seed twice"),
        ({"seeds": [-1]}, "--seeds"),
        ({"jobs": 0}, "--jobs=0"),
        ({"jobs": True}, "--jobs=True"),
        ({"tune": 0.5}, "--tune=0.5"),
        ({"tune_seconds": "x"}, "--tune_seconds=x"),
        ({"config_files": 3}, "of type int"),
        ({"config_files": "none.yaml"}, "cannot read none.yaml"),
    ],
)
def test_a_comparison_checks_what_stands_beside_the_settings(tiny_data, options, told):
    with pytest.raises(SettingsError) as caught:
        compare("OPAL,Pop", "tiny", data_path=tiny_data, **options)
    assert told in str(caught.value)
