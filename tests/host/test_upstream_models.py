import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from recbole_opal import host
from recbole_opal.errors import SettingsError
from recbole_opal.host.upstream_models import UPSTREAM
from recbole_opal.process.aliases import set_numpy_aliases, set_scipy_names


def test_anomaly_mode_is_off_after_the_lookup_of_a_recbole_model():
    host.find_model_class("GRU4Rec")
    import recbole.model.sequential_recommender.sine  # noqa: F401, switches it on when imported

    torch.autograd.set_detect_anomaly(True)
    host.find_model_class("GRU4Rec")
    assert not torch.is_anomaly_enabled()


def test_anomaly_mode_is_off_in_a_process_that_looks_a_model_up_first():
    code = (
        "import sys, torch; from recbole_opal.host import find_model_class; "
        "find_model_class('GRU4Rec'); sys.exit(torch.is_anomaly_enabled())"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


@pytest.mark.slow
def test_upstream_still_switches_it_on():
    """If this fails, RecBole has mended it, and the note in `quiet_autograd` is out of date."""
    code = (
        "import sys, torch; from recbole.utils import get_model; get_model('GRU4Rec'); "
        "sys.exit(torch.is_anomaly_enabled())"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1  # noqa: S603


@pytest.mark.parametrize("name", ["OPAL", "opal", "Opal"])
def test_our_models_come_first_and_case_is_free(name):
    assert host.find_model_class(name).__name__ == "OPAL"


def test_a_recbole_model_is_found_by_any_case_under_its_own_name():
    assert host.find_model_class("gru4rec").__name__ == "GRU4Rec"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("OPLA", "did you mean --model=OPAL?"),
        ("SASRek", "did you mean --model=SASRec?"),
        ("qqqqqq", "choose one of OPAL, "),
        ("DeepFM", "cannot run here: of RecBole's models these are tested: BPR, "),
        ("ract", "--model=RaCT cannot run here"),
        ("NeuMF", "--model=NeuMF cannot run here"),
        ("../opal", "is not a model"),
    ],
)
def test_a_model_that_cannot_run_is_refused_with_the_reason(name, told):
    with pytest.raises(SettingsError) as caught:
        host.find_model_class(name)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_supported_model_is_found_and_needs_interactions_only():
    from recbole.utils import ModelType

    names = host.supported_models()
    assert {"OPAL", "GRU4Rec", "SASRec", "SINE", "NARM", "STAMP", "LightSANs"} <= set(names)
    assert {"Pop", "ItemKNN", "MultiVAE", "MacridVAE", "BPR", "LightGCN"} <= set(names)
    assert len(names) == len(set(names))
    for name in names:
        model_class = host.find_model_class(name)
        assert model_class.__name__ == name
        assert model_class.type in (
            ModelType.SEQUENTIAL,
            ModelType.GENERAL,
            ModelType.TRADITIONAL,
        )


def test_no_supported_recbole_model_reads_more_than_sequences():
    """The named models are checked against what their source reads."""
    folder = host.recbole_folder() / "model" / "sequential_recommender"
    needs = re.compile(
        r"LABEL_FIELD|get_item_feature|get_preload_weight|selected_features|MASK_|INVERSE_|inter_feat"
    )
    for name, known in UPSTREAM.items():
        if known.trained_on == "histories":
            assert not needs.search((folder / f"{name.lower()}.py").read_text()), name


def test_every_recbole_model_is_supported_or_refused_in_one_line():
    models = {path.stem for path in (host.recbole_folder() / "properties/model").glob("*.yaml")}
    refused = models - set(host.supported_models())
    assert set(UPSTREAM) <= models
    assert len(refused) > 50
    for name in refused:
        with pytest.raises(SettingsError, match=f"--model={name} cannot run here: .*; try "):
            host.find_model_class(name)


def test_graph_models_find_the_scipy_method_they_fill_their_matrix_with():
    from scipy.sparse import dok_matrix

    set_scipy_names()
    set_scipy_names()
    matrix = dok_matrix((2, 3))
    matrix._update({(0, 2): 4.0, (1, 1): 5.0})
    assert matrix.toarray().tolist() == [[0, 0, 4], [0, 5, 0]]
    assert matrix.tocoo().nnz == 2


def test_only_missing_aliases_are_set(monkeypatch):
    import recbole  # noqa: F401

    monkeypatch.setattr(np, "float", "mine", raising=False)
    for name in ("int", "object", "str", "complex", "unicode"):
        monkeypatch.delattr(np, name, raising=False)
    # numpy 2 has these two of its own, numpy 1.26 has not.
    kept = vars(np).get("bool", np.bool_), vars(np).get("long", np.int_)
    set_numpy_aliases()
    assert np.float == "mine"  # noqa: NPY001
    assert (np.int, np.object, np.str) == (np.int_, np.object_, np.str_)  # noqa: NPY001
    assert (np.complex, np.unicode) == (np.complex128, np.str_)  # noqa: NPY001
    assert (np.bool, np.long) == kept
