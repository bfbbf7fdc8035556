"""The settings that are checked before torch is loaded are those of the models' classes."""

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.host.yaml_settings import default_settings, refuse_wrong_flags, what_is_told
from recbole_opal.models import MODELS
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.models import schema_of
from recbole_opal.settings.properties import own_model_names


def test_our_models_are_known_by_their_files():
    assert own_model_names() == list(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_s_settings_are_found_without_its_class(name):
    light, full = schema_of(name), section_of(MODELS[name])
    assert light.model_fields.keys() == full.model_fields.keys()
    assert light().model_dump() == full().model_dump()
    assert what_is_told(name.lower())[:2] == (name, light)


def test_stages_are_checked_by_both():
    assert schema_of("OPAL") is section_of(MODELS["OPAL"])
    with pytest.raises(SettingsError, match="--stages=sfot is not valid; write soft,hard"):
        refuse_wrong_flags({"stages": "sfot"}, ["opal"])


@pytest.mark.parametrize("name", ["OPALX", "SelfAttentionNetwork", "SASRec", "", "../opal"])
def test_what_is_no_model_of_ours_has_no_settings_here(name):
    assert schema_of(name) is None


@pytest.mark.parametrize("recipe", ["default", "published"])
def test_the_defaults_of_a_model_are_those_of_its_class(recipe):
    network = MODELS["MIND"]
    expected = section_of(network)().model_dump()
    expected |= dict(network.published) if recipe == "published" else network.training_defaults
    found = default_settings("mind", recipe)
    assert {name: found[name] for name in expected} == expected


def test_a_word_that_may_belong_to_a_list_is_not_told_to_be_a_model():
    refuse_wrong_flags({}, ["OPAL", "hard"])  # --model=OPAL@stages=soft,hard
    with pytest.raises(SettingsError, match="did you mean --model=SASRec"):
        refuse_wrong_flags({}, ["OPAL", "SASRecc"])
