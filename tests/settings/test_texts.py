"""A setting that is a text takes what was typed, from flags and from yaml files."""

import time

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.host.yaml_settings import foreign_kinds
from recbole_opal.settings import parse_arguments
from recbole_opal.settings.refused import REFUSED_KEYS
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.settings.values import TEXTS, load_settings_file, parse_value, setting_value
from recbole_opal.side_by_side.variants import parse_variants

LOOK_ALIKES = ["1", "007", "0,1", "1e3", "0x10", "1_000", "True", "None", "null", "~", "[a]",
               "(1,)", "{}", "2021-01-01", "yes", "a,b", "1.50"]  # fmt: skip


@pytest.mark.parametrize("text", LOOK_ALIKES)
@pytest.mark.parametrize(
    "name", ["TIME_FIELD", "data_path", "checkpoint_dir", "dataset", "encoding"]
)
def test_a_text_stays_as_it_was_typed(name, text):
    assert setting_value(name, text) == text


@pytest.mark.parametrize("text", ["None", "null", "~"])
def test_none_is_none_where_a_text_may_be_none(text):
    assert setting_value("category_field", text) is None
    assert setting_value("category_field", "'None'") == "None"


@pytest.mark.parametrize(
    ("text", "value"), [("'0'", "0"), ('"a b"', "a b"), ("'", "'"), ("'a", "'a")]
)
def test_quotes_hold_a_text(text, value):
    assert setting_value("gpu_id", text) == value


def test_all_other_settings_are_read_by_their_look():
    assert setting_value("epochs", "1e3") == 1000.0
    assert setting_value("topk", "[5,10]") == [5, 10]
    assert setting_value("nothing", "007") == "007"


def test_every_text_of_recbole_s_own_files_is_known():
    upstream = {name for name, kinds in foreign_kinds("").items() if kinds is str}
    ours = {name for section in SHARED_SECTIONS for name in section.model_fields}
    intervals = {"entity_kg_num_interval", "relation_kg_num_interval"}
    assert upstream - ours - set(REFUSED_KEYS) - intervals <= set(TEXTS)


def test_flags_and_variants_use_the_same_reading():
    request = parse_arguments(["--dataset=007", "--gpu_id=0,1", "--TIME_FIELD=1", "--epochs=2"])
    assert request.dataset == "007"
    assert request.settings == {"gpu_id": "0,1", "TIME_FIELD": "1", "epochs": 2}
    assert parse_variants("OPAL@encoding=007")[0].settings == {"encoding": "007"}


@pytest.mark.parametrize("text", [text for text in LOOK_ALIKES if text[0] not in "[{~n(N"])
def test_a_yaml_file_keeps_texts_too(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(f"TIME_FIELD: {text}\ndataset: {text}\nepochs: 007\n")
    assert load_settings_file(path) == {"TIME_FIELD": text, "dataset": text, "epochs": 7}


def test_a_yaml_file_may_name_the_dataset_with_digits(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("dataset: 0042\n")
    assert parse_arguments([f"--config_files={path}"]).dataset == "0042"
    path.write_text("dataset:\n")
    with pytest.raises(SettingsError, match="--dataset is missing"):
        parse_arguments([f"--config_files={path}"])


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("gpu_id", "0,1", "0,1"),
        ("gpu_id", "0, 1", "0,1"),
        ("gpu_id", "[0,1]", "0,1"),
        ("gpu_id", "", ""),
        ("gpu_id", "-1", "-1"),
        ("gpu_id", "GPU-3f2a", "GPU-3f2a"),
        ("checkpoint_dir", "007", "007"),
        ("checkpoint_dir", "True", "True"),
        ("wandb_project", "1e3", "1e3"),
        ("category_field", "None", None),
        ("field_separator", "\\t", "\t"),
        ("field_separator", "'\\t'", "\t"),
    ],
)
def test_a_configuration_takes_what_was_typed(configure, name, text, kept):
    assert configure(**{name: setting_value(name, text)})[name] == kept


def test_columns_may_be_called_by_numbers(tiny_data, configure):
    file = tiny_data / "tiny" / "tiny.inter"
    file.write_text(file.read_text().replace("timestamp:float", "1:float"))
    columns = {"inter": ["user_id", "item_id", "1"]}
    assert (
        configure(TIME_FIELD=setting_value("TIME_FIELD", "1"), load_col=columns)["TIME_FIELD"]
        == "1"
    )


@pytest.mark.parametrize("value", ["gpu", "0;1", "0,,x", "[[0]]]x", True, None])
def test_what_is_no_list_of_gpus_is_refused(refusal, value):
    assert "--gpu_id" in refusal(gpu_id=value)
    assert "0,1" in refusal(gpu_id=value)


@pytest.mark.parametrize(
    "text",
    [
        "{a: &a [1,1,1,1], b: &b [*a,*a,*a,*a], c: &c [*b,*b,*b,*b], d: &d [*c,*c,*c,*c], e: &e "
        "[*d,*d,*d,*d], f: &f [*e,*e,*e,*e], g: &g [*f,*f,*f,*f], h: &h [*g,*g,*g,*g], i: &i "
        "[*h,*h,*h,*h], j: &j [*i,*i,*i,*i], k: &k [*j,*j,*j,*j], l: &l [*k,*k,*k,*k]}",
        "[" * 100_000,
        "{a: " * 20_000,
        "0x" + "f" * 5000,
        "9" * 5000,
    ],
)
def test_values_that_only_an_attack_holds_stay_text_and_cost_nothing(text):
    started = time.perf_counter()
    assert parse_value(text) == text
    assert time.perf_counter() - started < 2
