"""Every network as a program: the same interests, whatever the batch and the lengths."""

import json
import subprocess
import sys
import warnings
import zipfile

import pytest
import torch

from recbole_opal import MultiInterestNetwork
from recbole_opal.batches import Histories
from recbole_opal.errors import ExportError
from recbole_opal.exporting.history_encoder import HistoryEncoder, made_histories
from recbole_opal.exporting.programs import export_program, program_bytes

SHAPES = [(1, 1), (1, 6), (5, 6), (9, 2)]


class Stubborn(MultiInterestNetwork):
    """A network whose shapes depend on its input."""

    def encode(self, history):
        return history.vectors[: int(history.lengths.max())].unsqueeze(0)


class Frozen(MultiInterestNetwork):
    """A network that takes the number of rows for a constant."""

    def encode(self, history):
        return history.vectors.new_ones(len(history.lengths), 1, self.hidden_size)


def assert_same(encoder, network, rows, width):
    given = [torch.from_numpy(array) for array in made_histories(network, rows, width).values()]
    with torch.no_grad():
        wanted = network.interests(Histories.from_padded(*given))
        torch.testing.assert_close(encoder(*given), wanted, rtol=0, atol=1e-5)


def test_a_padded_history_has_the_interests_of_the_history(build_network, variant):
    name, settings = variant
    network = build_network(name, **settings)
    for shape in SHAPES:
        assert_same(HistoryEncoder(network), network, *shape)


@pytest.mark.parametrize("name", ["OPAL", "YouTubeDNN"])
def test_a_program_takes_any_batch_and_any_length(build_network, name):
    network = build_network(name)
    program = export_program(network, 6).module()
    for shape in SHAPES:
        assert_same(program, network, *shape)


def test_weights_of_items_are_in_a_program(build_network):
    network = build_network("OPAL", "soft", recency="both")  # by place alone: as by default
    program = export_program(network, 6).module()
    for shape in SHAPES:
        assert_same(program, network, *shape)


@pytest.mark.slow
def test_every_network_has_a_program(build_network, variant):
    name, settings = variant
    network = build_network(name, **settings)
    program = export_program(network, 6).module()
    for shape in SHAPES:
        assert_same(program, network, *shape)


def test_histories_of_one_item_at_most(build_network):
    network = build_network("ComiRecSA", longest=1)
    assert_same(export_program(network, 1).module(), network, 4, 1)


def test_a_program_holds_the_weights_that_serving_reads_alone(build_network):
    network = build_network("Re4", num_negatives=8)  # its decoder is for training
    program = export_program(network, 6)
    assert set(program.state_dict) == {
        f"network.{name}"
        for name, _ in network.named_parameters()
        if not name.startswith("decoder")
    }


def test_a_file_is_loaded_without_this_library_and_without_pickle(build_network, tmp_path):
    network, path = build_network("YouTubeDNN"), tmp_path / "encoder.pt2"
    path.write_bytes(program_bytes(network, 6))
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    assert not any(b"/recbole_opal/" in part or b"ctorch" in part for part in parts.values())
    assert [parts[name] for name in parts if name.endswith(".pt")] == [b""]  # of no examples
    code = (
        "import sys, torch; sys.modules['recbole_opal'] = None\n"
        f"encoder = torch.export.load({str(path)!r}).module()\n"
        "print(encoder(torch.tensor([[3, 4, 0], [5, 6, 7]])).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)  # noqa: S603
    found = torch.tensor(json.loads(done.stdout))
    histories = Histories(torch.tensor([3, 4, 5, 6, 7]), torch.tensor([2, 3]))
    torch.testing.assert_close(found, network.interests(histories))


@pytest.mark.parametrize(("model", "reason"), [(Stubborn, "data-dependent"), (Frozen, "batch")])
def test_what_cannot_be_traced_is_refused_in_one_line(build_network, model, reason, capfd):
    network = build_network(model).train()
    with pytest.raises(ExportError, match=rf"^{model.__name__} cannot .*{reason}.*--onnx=False\.$"):
        export_program(network, 6)
    assert network.training
    assert capfd.readouterr() == ("", "")


def test_an_export_says_nothing_and_leaves_the_filters_of_warnings(build_network, capfd):
    before, network = list(warnings.filters), build_network("MIND").train()
    export_program(network, 6)
    assert network.training
    assert warnings.filters == before
    assert capfd.readouterr() == ("", "")
