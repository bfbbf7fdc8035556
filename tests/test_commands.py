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
