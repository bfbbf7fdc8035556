"""What a process makes of torchrun's variables, before there is any group."""

import pytest

from recbole_opal.cli import main
from recbole_opal.distributed.launch import Launch, is_first, launched
from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.host.in_parts import own_gpu, require_joint_draws, require_parts
from recbole_opal.host.recommender import as_recommender
from recbole_opal.models import MODELS
from recbole_opal.models.opal import OPALNetwork
from recbole_opal.process.program import command
from recbole_opal.process.shell import tell

VARIABLES = {
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1",
}  # fmt: skip


class Derived(OPALNetwork):
    """Adds what nobody knows."""


@pytest.fixture
def among_four(monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_process_knows_its_place(among_four):
    assert launched() == Launch(rank=3, processes=4, on_host=1, on_each_host=2)
    assert not is_first()


@pytest.mark.parametrize("change", [{"WORLD_SIZE": "1"}, {"RANK": None}, {"MASTER_PORT": None}])
def test_a_process_alone_is_the_first(among_four, change):
    for name, value in change.items():
        if value is None:
            among_four.delenv(name)
        else:
            among_four.setenv(name, value)
    assert launched() is None
    assert is_first()


def test_a_printed_command_begins_with_torchrun(among_four):
    among_four.setattr("sys.argv", ["/opal/run_opal.py"])
    among_four.setattr("sys.orig_argv", ["python", "-u", "/opal/run_opal.py"])
    line = command("--resume=x")
    assert line == "torchrun --nproc-per-node=2 /opal/run_opal.py --resume=x"
    assert "torchrun" not in command("x", name="report")
    among_four.setattr("sys.argv", ["/bin/recbole-opal"])
    told = command("--resume=x")
    assert told.startswith("torchrun --nproc-per-node=2 --no-python ")
    assert told.endswith("recbole-opal --resume=x")


@pytest.mark.parametrize(
    ("given", "own"), [("0", "1"), ("2", "3"), ("5,7", "7"), ("", ""), ("a,b", "b")]
)
def test_each_process_of_a_machine_takes_a_gpu(among_four, given, own):
    assert own_gpu(given) == own


def test_too_few_gpus_are_refused(among_four):
    among_four.setenv("LOCAL_RANK", "2")
    with pytest.raises(SettingsError, match="--nproc-per-node=2"):
        own_gpu("0,1")


@pytest.mark.parametrize("model", sorted(MODELS))
def test_all_our_models_are_shared_since_their_loss_is_that_of_the_joint_batch(among_four, model):
    require_parts(find_model_class(model))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Derived, "are not those of the joint batch"),
        (Derived, "take one of OPAL"),
        ("GRU4Rec", "a model of RecBole's own"),
        (Derived, "trains_in_parts = True"),
    ],
)
def test_other_models_are_refused(among_four, model, reason):
    chosen = find_model_class(model) if isinstance(model, str) else as_recommender(model)
    with pytest.raises(SettingsError, match="cannot be trained by several processes") as caught:
        require_parts(chosen)
    assert reason in str(caught.value)
    among_four.delenv("RANK")
    require_parts(chosen)


def test_what_is_drawn_for_single_items_is_refused(among_four):
    drawn = {"item_features": ["genre"], "new_item_share": 0.1}
    with pytest.raises(SettingsError, match="write --new_item_share=0"):
        require_joint_draws(drawn)
    require_joint_draws(drawn | {"new_item_share": 0.0})
    require_joint_draws(drawn | {"item_features": None})
    among_four.delenv("RANK")
    require_joint_draws(drawn)


def test_an_error_of_all_processes_is_told_once(among_four, capsys):
    error = SettingsError("wrong")
    assert tell(error) == 2
    error.said = True  # by the first process
    assert tell(error) == 2
    assert capsys.readouterr().err == ""
    error.said = False
    assert tell(error) == 2
    assert capsys.readouterr().err == "error in process 3: wrong\n"


@pytest.mark.parametrize("more", ["--model=OPAL,MIND", "--seeds=1,2", "--tune=3"])
def test_several_runs_are_refused(among_four, capsys, more):
    among_four.setenv("RANK", "0")
    assert main(["--dataset=ml-100k", more]) == 2
    assert "start it without torchrun: --jobs=N" in capsys.readouterr().err
    among_four.setenv("RANK", "1")
    assert main(["--dataset=ml-100k", more]) == 2
    assert capsys.readouterr().err == ""
