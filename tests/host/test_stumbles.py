"""RecBole's own settings with values that it never checks: one line, and no bug is hidden by it."""

import pytest

import recbole_opal
from recbole_opal.errors import SettingsError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.stumbles import telling_upstream


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        ("SASRec", "n_heads", 0),
        ("SASRec", "n_heads", 7),
        ("BPR", "embedding_size", -1),
        ("LightGCN", "embedding_size", None),
        ("CORE", "dnn_type", "x"),
        ("MultiVAE", "dropout_prob", 3),
        ("MultiVAE", "mlp_hidden_size", [0.5]),
        ("LightSANs", "k_interests", -1),
        ("Pop", "numerical_features", None),
        ("Pop", "unused_col", {"split": ["x"]}),
        ("CORE", "n_layers", 65536),
        ("LightGCN", "embedding_size", 65536),
    ],
)
def test_what_recbole_stumbles_over_is_one_line(
    data_path, tmp_path, monkeypatch, model, name, value
):
    monkeypatch.chdir(tmp_path)
    plain = {"epochs": 1, "tensorboard": False, "show_progress": False, "use_gpu": False}
    with pytest.raises(SettingsError) as caught:
        recbole_opal.run(model, "tiny", data_path=data_path, **plain | {name: value})
    assert f"--{name}" in str(caught.value) or f"--model={model}" in str(caught.value)
    assert "settings ()" not in str(caught.value)


@pytest.mark.parametrize("name", ["local_rank", "nproc", "world_size"])
def test_the_harmless_value_of_a_refused_setting_changes_nothing(configure_tiny, name):
    assert configure_tiny(**{name: None})["device"] == configure_tiny()["device"]


@pytest.fixture
def configure_tiny(data_path):
    """Return a function that builds the settings of a run."""

    def build(model="SASRec", **settings):
        return OpalConfig(model, "tiny", {"data_path": str(data_path), "use_gpu": False} | settings)

    return build


def test_a_bug_of_ours_is_not_hidden(configure_tiny):
    config = configure_tiny(n_layers=3)
    with pytest.raises(ZeroDivisionError), telling_upstream(config):
        _ = 1 // 0


def test_nor_is_what_no_given_setting_can_have_caused(configure_tiny):
    from recbole.model.layers import MLPLayers

    with pytest.raises(TypeError), telling_upstream(configure_tiny()):
        MLPLayers(None)
    with (
        pytest.raises(SettingsError, match="n_layers=3"),
        telling_upstream(configure_tiny(n_layers=3)),
    ):
        MLPLayers(None)
