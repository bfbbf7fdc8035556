"""Weights belong to a stage: in another one they are refused, whichever way they come."""

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import recbole_opal
from recbole_opal.errors import CheckpointError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.runs import RunFolder
from recbole_opal.runs.weights_stage import mark, stage_of


@pytest.fixture
def trained(quick_settings):
    """A run folder with both stages, and what builds a model that stands in the first."""
    result = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1})
    folder = RunFolder.open(result.folder)
    config = OpalConfig.from_plain(folder.load_yaml("config.yaml"))
    data = prepare_data(config, future_items=True)
    return folder, lambda: recbole_opal.OPAL(config, data.dataset)


def from_folder(folder, stage):
    return folder.load_weights(stage)


def from_file(folder, stage):
    return load_file(folder.path / f"weights-{stage}.safetensors")


def from_copied_file(folder, stage):
    return {name: value.clone() for name, value in from_file(folder, stage).items()}


@pytest.mark.parametrize("read", [from_folder, from_file, from_copied_file])
@pytest.mark.parametrize(("stands", "given"), [("soft", "hard"), ("hard", "soft")])
def test_weights_of_another_stage_are_refused_and_change_nothing(trained, read, stands, given):
    folder, build = trained
    model = build()
    model.set_stage(stands)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=rf"of stage '{given}'.*set_stage\('{given}'\)"):
        model.load_state_dict(read(folder, given))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    model.set_stage(given)  # as the message says
    model.load_state_dict(read(folder, given))
    saved = read(folder, given)
    assert all(torch.equal(saved[name], value) for name, value in model.state_dict().items())


def test_a_state_dict_knows_its_stage_too(trained):
    _, build = trained
    one, other = build(), build()
    one.set_stage("hard")
    assert stage_of(one.state_dict()) == "hard"
    with pytest.raises(CheckpointError, match="of stage 'hard'"):
        other.load_state_dict(one.state_dict())
    other.set_stage("hard")
    other.load_state_dict(one.state_dict())


def test_a_state_dict_inside_a_larger_module_loads_as_before(trained):
    _, build = trained
    one, other = nn.ModuleDict({"model": build()}), nn.ModuleDict({"model": build()})
    other.load_state_dict(one.state_dict())
    assert torch.equal(one["model"].network.items.all(), other["model"].network.items.all())


class Wrapped(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.inner = nn.ModuleList([model])


@pytest.mark.parametrize(
    "wrap",
    [Wrapped, nn.Sequential, nn.DataParallel, torch.optim.swa_utils.AveragedModel],
)
@pytest.mark.parametrize("strict", [True, False])
def test_weights_inside_a_larger_module_are_refused_too(trained, wrap, strict):
    _, build = trained
    hard, module = build(), wrap(build())
    hard.set_stage("hard")
    given = wrap(hard).state_dict()
    (inside,) = (part for part in module.modules() if isinstance(part, recbole_opal.OPAL))
    before = inside.network.items.all().clone()
    with pytest.raises(CheckpointError, match="of stage 'hard'"):
        module.load_state_dict(given, strict=strict)
    assert torch.equal(inside.network.items.all(), before)
    inside.set_stage("hard")
    module.load_state_dict(given, strict=strict)
    assert torch.equal(inside.network.items.all(), hard.network.items.all())


def test_a_weights_file_goes_into_a_larger_module(trained):
    folder, build = trained
    inside = {f"0.{name}": value for name, value in from_file(folder, "hard").items()}
    module = nn.Sequential(build())
    with pytest.raises(CheckpointError, match="of stage 'hard'"):
        module.load_state_dict(inside)
    module[0].set_stage("hard")
    module.load_state_dict(inside)
    assert torch.equal(module[0].network.items.embedding.weight, inside["0.items.embedding.weight"])


def test_a_stage_that_a_model_does_not_have_is_told(trained):
    _, build = trained
    with pytest.raises(CheckpointError, match="OPAL has the stages soft, hard"):
        build().load_state_dict(mark(build().state_dict(), "train"))


def test_a_weights_file_under_another_stages_name_is_refused(tmp_path):
    folder = RunFolder.create(tmp_path, "OPAL")
    folder.save_weights("soft", {"w": torch.ones(1)})
    data = (folder.path / "weights-soft.safetensors").read_bytes()
    folder.write("weights-hard.safetensors", data)
    with pytest.raises(CheckpointError, match="holds weights of stage 'soft'"):
        folder.load_weights("hard")


def test_recboles_own_models_load_what_their_runs_saved(quick_settings):
    settings = {
        k: quick_settings[k] for k in ("data_path", "checkpoint_dir", "topk", "valid_metric")
    }
    result = recbole_opal.run(
        "GRU4Rec", "tiny", **settings, epochs=1, tensorboard=False, show_progress=False
    )
    folder = RunFolder.open(result.folder)
    config = OpalConfig.from_plain(folder.load_yaml("config.yaml"))
    data = prepare_data(config, future_items=False)
    model = config.model_class(config, data.dataset)
    model.load_state_dict(folder.load_weights("train"))
