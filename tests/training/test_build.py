"""What is wrong with the settings is told before there is a run folder, and by that line alone."""

import logging

import pytest

import recbole_opal
from recbole_opal.cli import main
from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.console.run_log import lines_held, run_log
from recbole_opal.host import find_model_class

PLAIN = {"epochs": 1, "tensorboard": False, "show_progress": False, "use_gpu": False}


@pytest.mark.parametrize(
    "flags",
    [
        ["--model=SASRec", "--n_heads=7"],
        ["--model=GCSAN", "--hidden_act=&a [*a]"],
        ["--model=DSSRec", "--transformer_heads=7"],
        ["--model=GRU4Rec", "--embedding_size=-5"],
        ["--model=Pop", "--category_field=genre"],
        ["--model=SASRec", "--MAX_ITEM_LIST_LENGTH=65536", "--hidden_size=2"],
    ],
)
def test_a_model_that_cannot_be_built_leaves_one_line_and_no_folder(
    data_path, tmp_path, monkeypatch, capfd, flags
):
    monkeypatch.chdir(tmp_path)
    plain = [f"--{name}={value}" for name, value in PLAIN.items()]
    assert main(["--dataset=tiny", f"--data_path={data_path}", *plain, *flags]) == 2
    errors = capfd.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert not (tmp_path / "saved").exists()


def test_what_was_said_while_a_model_was_built_is_in_the_log_of_its_run(
    data_path, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)

    class Talking(find_model_class("GRU4Rec")):
        def __init__(self, config, dataset):
            logging.getLogger().warning("Pay attention")
            super().__init__(config, dataset)

    result = recbole_opal.run(Talking, "tiny", data_path=data_path, **PLAIN)
    log = (result.folder / f"{result.folder.name}.log").read_text()
    for text, data in ((log, "data users="), (capfd.readouterr().err, "┃ validation ┃")):
        assert text.count("Pay attention") == 1
        assert text.index(data) < text.index("Pay attention")


def test_lines_are_held_for_a_run_alone(tmp_path, capfd):
    logger = logging.getLogger("host")
    with lines_held("WARNING") as lines:
        logger.warning("one")
        logging.getLogger("recbole_opal").info("too quiet")
    assert capfd.readouterr().err == ""
    with run_log(tmp_path, TrainingProgress(enabled=False), "WARNING") as repeat:
        repeat(lines)
    assert "one" in (tmp_path / f"{tmp_path.name}.log").read_text()
    assert len(lines) == 1
    assert not [each for each in logging.getLogger().handlers if "recbole_opal" in str(type(each))]
