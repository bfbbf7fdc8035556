import pytest
import yaml

from recbole_opal.errors import SettingsError
from recbole_opal.host.yaml_settings import default_settings
from recbole_opal.models import MODELS as OURS
from recbole_opal.settings import properties
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import model_yaml
from recbole_opal.settings.values import load_settings_file
from recbole_opal.tuning import search_space as search_space_module
from recbole_opal.tuning.knobs import Choices, Range
from recbole_opal.tuning.search_space import search_space

MODEL_SECTIONS = {name: section_of(network) for name, network in OURS.items()}

MODELS = sorted(path.stem for path in (properties.properties_folder() / "model").iterdir())
# How many settings are searched; ItemKNN has no third one that matters, Pop has none at all.
KNOBS = {"ItemKNN": 2, "Pop": 0}


@pytest.fixture
def block(tmp_path, monkeypatch):
    """Return a function that reads a search block in the place of a model's own."""

    def read(content, model="OPAL", given=None):
        path = tmp_path / f"{model}.yaml"
        written = load_settings_file(model_yaml(model)) | {"search": content}
        path.write_text(yaml.safe_dump(written, sort_keys=False))
        monkeypatch.setattr(search_space_module, "model_yaml", lambda name: path)
        return search_space(model, given)

    return read


@pytest.fixture
def refused(block):
    """Return a function that gives the one line with which a block is refused."""

    def refuse(content, model="OPAL"):
        with pytest.raises(SettingsError) as caught:
            block(content, model)
        message = str(caught.value)
        assert "\n" not in message
        assert message.endswith((".", "?"))
        assert f"{model}.yaml" in message
        return message

    return refuse


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_searched_alike(model):
    space = search_space(model)
    ours = model in MODEL_SECTIONS
    assert len(space) == KNOBS.get(model, 4 if ours else 3)
    if ours or len(space) == 3:
        assert next(iter(space)) == "learning_rate"  # so that all models try the same ones first
        bounds = (0.001, 0.05) if ours else (0.0005, 0.02)
        assert space["learning_rate"] == Range(*bounds, log=True)
    if ours:
        assert space["future_window"] == Choices((1, 5, 20))
        assert space["temperature"] == Range(0.05, 0.3, log=True)


@pytest.mark.parametrize("model", MODELS)
def test_no_model_searches_its_widths_or_its_number_of_interests(model):
    fixed = {"hidden_size", "embedding_size", "num_interests", "interest_size", "kfac", "stages"}
    assert not fixed & set(search_space(model))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("recipe", ["default", "published"])
def test_the_defaults_lie_inside_the_space(model, recipe):
    defaults = default_settings(model, recipe)
    for name, knob in search_space(model, {"recipe": recipe}).items():
        assert knob.holds(defaults[name]), name


def test_no_data_set_sets_what_is_searched():
    # It would come between the defaults of the model's yaml and those that a run has.
    searched = {name for model in MODELS for name in search_space(model)}
    for path in (properties.properties_folder() / "dataset").iterdir():
        assert not searched & set(load_settings_file(path))


def test_a_model_without_a_yaml_or_a_block_has_an_empty_space():
    assert search_space("SRGNN") == {}
    assert search_space("Pop") == {}


def test_what_the_user_gave_is_not_searched():
    assert set(search_space("OPAL", {"learning_rate": 0.02, "num_interests": 8})) == {
        "temperature",
        "future_window",
        "uniformity_weight",
    }


def test_a_published_recipe_keeps_its_settings_but_for_the_learning_rate():
    assert "temperature" in search_space("MIND")
    space = search_space("MIND", {"recipe": "published"})
    assert "learning_rate" in space
    assert "temperature" not in space


def test_a_value_that_the_user_gave_may_lie_outside(block):
    content = {"learning_rate": {"low": 0.001, "high": 0.01, "log": True}}
    assert block(content, given={"learning_rate": 5.0}) == {}


def test_a_block_is_read(block):
    content = {
        "learning_rate": {"low": 0.0001, "high": 1, "log": True},
        "cuts_per_user": {"low": 1, "high": 20},
        "fusion": {"choices": ["fixed", "whole"]},
    }
    space = block(content)
    assert space == {
        "learning_rate": Range(0.0001, 1.0, log=True),
        "cuts_per_user": Range(1, 20),
        "fusion": Choices(("fixed", "whole")),
    }
    assert not space["learning_rate"].whole
    assert space["cuts_per_user"].whole
    assert space["learning_rate"].as_plain() == content["learning_rate"]
    assert space["fusion"].as_plain() == content["fusion"]


@pytest.mark.parametrize("model", ["OPAL", "SASRec"])
def test_the_form_of_the_learning_rate_s_schedule_may_be_searched(block, model):
    content = {
        "learning_rate_schedule": {"choices": ["constant", "linear", "cosine"]},
        "warmup_steps": {"low": 0, "high": 200},
    }
    space = block(content, model)
    assert space["learning_rate_schedule"] == Choices(("constant", "linear", "cosine"))
    assert space["warmup_steps"] == Range(0, 200)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ([1, 2], "must hold lines of the form"),
        ({"learning_rat": {"low": 0.1, "high": 1}}, "did you mean learning_rate?"),
        ({"xyzzy": {"low": 0.1, "high": 1}}, "has no setting xyzzy; take the line out"),
        ({"seed": {"low": 1, "high": 9}}, "all models of a comparison share it"),
        ({"topk": {"choices": [[1], [2]]}}, "all models of a comparison share it"),
        ({"epochs": {"low": 1, "high": 9}}, "all models of a comparison share it"),
        ({"schedule_steps": {"choices": [None, 9]}}, "all models of a comparison share it"),
        ({"temperature": 0.1}, "0.1 is no range; write {low: ..., high: ...}"),
        ({"temperature": {}}, "it has the keys none; write {low"),
        ({"temperature": {"low": 0.1}}, "it has the keys low; write {low"),
        ({"temperature": {"low": 0.1, "high": 1, "step": 1}}, "it has the keys low, high, step"),
        ({"temperature": {"low": 0.1, "choices": [1, 2]}}, "it has the keys low, choices"),
        ({"temperature": {"low": 1.0, "high": 0.1}}, "low 1.0 is not below high 0.1; exchange"),
        ({"temperature": {"low": 0.1, "high": 0.1}}, "low 0.1 is not below high 0.1"),
        (
            {"temperature": {"low": 0.0, "high": 1.0}},
            "0.0 is not valid; write a number in [1e-06, 10]",
        ),
        (
            {"temperature": {"low": 0.1, "high": 11}},
            "11 is not valid; write a number in [1e-06, 10]",
        ),
        ({"temperature": {"low": 0.1, "high": float("inf")}}, "inf is not valid"),
        ({"temperature": {"low": "x", "high": 1}}, "x is not valid; write a number in [1e-06, 10]"),
        ({"temperature": {"low": 0.1, "high": 1, "log": 2}}, "log is 2; write log: True"),
        ({"temperature": {"low": 0.2, "high": 1}}, "the default 0.12 is not among"),
        ({"dropout_prob": {"low": 0.0, "high": 0.5, "log": True}}, "0.0 has no logarithm"),
        ({"cuts_per_user": {"low": 1.5, "high": 20}}, "1.5 is not valid; write an integer"),
        ({"fusion": {"low": 0, "high": 1}}, "whole is no number; write {choices: [...]}"),
        ({"logq_correction": {"low": 0, "high": 1}}, "True is no number"),
        ({"fusion": {"choices": ["fixed", "lerned"]}}, "write fixed | learned | whole"),
        ({"fusion": {"choices": ["fixed"]}}, "list two values or more"),
        ({"fusion": {"choices": "fixed"}}, "list two values or more"),
        ({"dropout_prob": {"choices": [0.1, 0.5]}}, "the default 0.0 is not among"),
        ({"dropout_prob": {"choices": [0.0, 0.1, 0.1]}}, "0.1 is listed twice"),
        ({"dropout_prob": {"choices": [0.0, 1.0]}}, "1.0 is not valid; write a number in [0, 1)"),
    ],
)
def test_a_bad_block_is_refused_with_the_file_and_the_fix(refused, content, part):
    assert part in refused(content)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"temperature": {"low": 0.1, "high": 1}}, "SASRec has no setting temperature"),
        ({"n_layers": {"low": 1, "high": 2.5}}, "2.5 has the wrong type"),
        ({"n_layers": {"choices": [1, "two"]}}, "two has the wrong type"),
        ({"hidden_act": {"choices": ["gelu", 3]}}, "3 has the wrong type"),
        ({"loss_type": {"choices": ["CE", "XE"]}}, "XE has the wrong type"),
        ({"learning_rate": {"low": -1.0, "high": 1.0}}, "-1.0 is not valid"),
    ],
)
def test_a_bad_block_of_a_recbole_model_is_refused(refused, content, part):
    assert part in refused(content, "SASRec")


def test_a_recbole_model_s_whole_numbers_stay_whole(block):
    assert block({"n_layers": {"low": 1, "high": 3}}, "SASRec")["n_layers"].whole


@pytest.mark.parametrize(
    ("knob", "inside", "outside"),
    [
        (Range(1, 4), [1, 4], [0, 5, 2.5]),
        (Range(0.5, 4.0), [0.5, 1, 4.0], [0.49, 4.1]),
        (Choices((0.0, "a", [1, 2])), [0.0, "a", [1, 2]], [1, "b", [2, 1]]),
    ],
)
def test_a_knob_knows_its_values(knob, inside, outside):
    assert all(knob.holds(value) for value in inside)
    assert not any(knob.holds(value) for value in outside)


def test_only_finite_knobs_list_their_values():
    assert list(Range(1, 4).values()) == [1, 2, 3, 4]
    assert list(Choices((1, "a")).values()) == [1, "a"]
    assert Range(1.0, 4.0).values() is None
