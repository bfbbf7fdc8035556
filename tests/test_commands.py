import pytest

from recbole_opal import cli
from recbole_opal.process.shell import answer


def test_every_command_explains_itself(capsys):
    for name in cli.COMMANDS:
        assert cli.main([name, "--help"]) == 0
        assert "usage: python" in capsys.readouterr().out


def test_the_commands_are_listed(capsys):
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in cli.COMMANDS)


def test_a_mistyped_command_is_told_in_one_line(capsys):
    assert cli.main(["covert", "log.csv"]) == 2
    assert capsys.readouterr().err == "error: 'covert' is not a command; did you mean convert?\n"


def test_without_a_command_the_arguments_are_those_of_run(capsys):
    assert cli.main(["--modle=OPAL"]) == 2
    assert "--dataset is missing" in capsys.readouterr().err
    assert cli.main([]) == 2
    assert "--dataset is missing" in capsys.readouterr().err


def test_ctrl_c_is_told_without_a_traceback(monkeypatch, capsys, tmp_path):
    def stopped(argv):
        raise KeyboardInterrupt

    monkeypatch.setattr("recbole_opal.conversion.convert_command.main", stopped)
    assert cli.main(["convert", str(tmp_path)]) == 130
    assert capsys.readouterr().err.startswith("interrupted; nothing has been written")


def test_a_path_that_is_too_long_is_one_line(capsys, tmp_path):
    def look():
        (tmp_path / ("x" * 300)).stat()

    assert answer([], str, look) == 2
    assert capsys.readouterr().err.endswith("is too long; shorten it.\n")

    def fail():
        (tmp_path / "none").stat()

    with pytest.raises(FileNotFoundError):
        answer([], str, fail)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["describe", "--data_path", "nowhere", "tiny"], "there is no folder nowhere/tiny"),
        (["describe", "tiny", "--data-path", "nowhere"], "there is no folder nowhere/tiny"),
        (["synthesize", "--out", "dataset/x", "--users", "few"], "--users=few is not an integer"),
        (["synthesize", "--out=x", "--overwrite", "--seed", "-1"], "--seed=-1 is negative"),
        (["convert", "log.csv", "--out", "d/n", "--user", "u", "--item=i"], "log.csv"),
        (["run", "--dataset", "tiny", "--epochs", "none"], "--epochs=none is not valid"),
        (["describe", "tiny", "--encoding"], "--encoding needs its value"),
        (["report", "--folder"], "--folder needs its value"),
        (["report"], "no folder is named; usage: "),
    ],
)
def test_all_commands_have_one_grammar(monkeypatch, tmp_path, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    assert told in capsys.readouterr().err
