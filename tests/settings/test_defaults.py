"""The defaults that are told without a run are those of a run."""

import pytest

from recbole_opal.host.yaml_settings import default_settings
from recbole_opal.settings.properties import model_yaml
from recbole_opal.settings.values import load_settings_file


@pytest.mark.parametrize("model", ["OPAL", "SASRec", "MultiVAE", "SRGNN"])
def test_the_defaults_are_those_of_a_run(model, configure):
    config = configure(model)
    for name, value in default_settings(model).items():
        if name not in ("data_path", "eval_args", "train_neg_sample_args"):
            assert config[name] == value, name


def test_the_defaults_of_the_published_recipe_are_those_of_a_run(configure):
    config = configure("MIND", recipe="published")
    defaults = default_settings("MIND", "published")
    assert defaults["similarity"] == "inner_product"
    for name in load_settings_file(model_yaml("MIND"))["published"]:
        assert config[name] == defaults[name], name
