"""The ONNX file of a network: by onnxruntime the same interests, and what it says of itself."""

import sys

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal import MultiInterestNetwork
from recbole_opal.errors import ExportError
from recbole_opal.exporting import onnx_files
from recbole_opal.exporting.onnx_files import onnx_bytes
from recbole_opal.exporting.parity import TOLERANCE, check_parity

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


class Unknown(MultiInterestNetwork):
    """A network with an operation that ONNX has not."""

    def encode(self, history):
        return torch.special.bessel_j0(history.sum_by_row(history.vectors)).unsqueeze(1)


@pytest.fixture(scope="module")
def data(build_network):
    return onnx_bytes(build_network("YouTubeDNN"), 6)


def test_onnxruntime_gives_the_interests_of_the_network(build_network, data, bundle):
    assert check_parity(build_network("YouTubeDNN"), data) <= TOLERANCE
    opal = recbole_opal.load(bundle).network
    assert check_parity(opal, (bundle / "encoder.onnx").read_bytes()) <= TOLERANCE


def test_weights_of_items_have_an_onnx_form(build_network):
    network = build_network("OPAL", "hard", recency="both")  # by place alone: as by default
    assert check_parity(network, onnx_bytes(network, 6)) <= TOLERANCE


@pytest.mark.slow
def test_every_network_has_an_onnx_form(build_network, variant):
    name, settings = variant
    network = build_network(name, **settings)
    assert check_parity(network, onnx_bytes(network, 6)) <= TOLERANCE


def test_a_file_says_what_it_is_and_holds_each_weight_once(data):
    session = onnxruntime.InferenceSession(data)
    told = session.get_modelmeta().custom_metadata_map
    assert {name: told[name] for name in told if name != "items"} == {
        "model": "YouTubeDNN",
        "stage": "train",
        "longest_history": "6",
        "interests": "1",
        "width": "8",
        "num_items": "30",
    }
    assert [(each.name, each.shape, each.type) for each in session.get_inputs()] == [
        ("items", ["batch", "length"], "tensor(int64)")
    ]
    assert [(each.name, each.shape) for each in session.get_outputs()] == [
        ("interests", ["batch", 1, 8])
    ]
    weights = [each for each in onnx.load_model_from_string(data).graph.initializer if each.dims]
    assert [list(each.dims) for each in weights if np.prod(each.dims) > 8] == [[30, 8]]
    assert b"recbole_opal/" not in data


def test_other_weights_are_noticed(build_network, data):
    other = build_network("YouTubeDNN")
    with torch.no_grad():
        other.items.embedding.weight[5:].neg_()
    with pytest.raises(ExportError, match=r"YouTubeDNN gives other interests .* more than 1e-05"):
        check_parity(other, data)


def test_an_operation_without_an_onnx_form_is_named_and_nothing_else_is_said(build_network, capfd):
    with pytest.raises(ExportError, match=r"^Unknown has no ONNX form: .*bessel_j0.*--onnx=False"):
        onnx_bytes(build_network(Unknown), 6)
    assert capfd.readouterr() == ("", "")


def test_weights_beyond_one_file_are_refused(build_network, monkeypatch):
    monkeypatch.setattr(onnx_files, "_LARGEST", 100)
    with pytest.raises(ExportError, match=r"^the encoder of OPAL \(soft\) takes .* GiB"):
        onnx_bytes(build_network("OPAL", "soft"), 6)


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_told_with_the_command_that_installs_it(
    build_network, monkeypatch, missing
):
    monkeypatch.setitem(sys.modules, missing, None)
    for attempt in (onnx_bytes, check_parity):
        with pytest.raises(ExportError, match=r"not installed; .*pip install .*\[export\]"):
            attempt(build_network("YouTubeDNN"), 6)
