"""Whatever a value holds, an error is one short line that can be printed."""

import os
import sys

import pytest

import recbole_opal
from recbole_opal import cli
from recbole_opal.errors import OpalError, SettingsError, one_line
from recbole_opal.report.report_command import main as report

LONG = "x" * 3000
TRAIN = ["--dataset=tiny", "--model=Pop", "--data_path=data"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb", "a\\nb"),
        ("a\r\x07\x1b[31m", "a\\r\\x07\\x1b[31m"),
        ("a\u2028\u202e\u200b\ufeff", "a\\u2028\\u202e\\u200b\\ufeff"),
        ("a\udcff\0", "a\\udcff\\x00"),
        ("a\tb", "a\tb"),
        ("Zürich 日本 😀", "Zürich 日本 😀"),
    ],
)
def test_what_breaks_a_line_or_a_terminal_is_escaped(text, line):
    assert one_line(text) == line
    assert str(SettingsError(text)) == line


def test_a_long_value_is_told_by_its_ends():
    told = str(SettingsError(f"--dataset={LONG}: there is no folder; write another name."))
    assert told.startswith("--dataset=xxx")
    assert told.endswith("xxx: there is no folder; write another name.")
    assert len(told) < 300


def test_so_is_a_long_value_of_many_words():
    told = str(SettingsError(f"--topk={[1] * 3000} is not valid; write --topk=[10]."))
    assert told.startswith("--topk=[1, 1, ")
    assert told.endswith("is not valid; write --topk=[10].")
    assert len(told) < 1000


def test_what_is_usual_stays_whole():
    usual = f"--model=A is not a model; choose one of {', '.join(['SomeModelOfOurs'] * 60)}."
    assert one_line(usual) == usual


@pytest.fixture
def place(data_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(data_path)
    return tmp_path


ODD = [
    LONG,
    "y" * 300,
    "x/" * 2000,
    "a\nb",
    "a\x1b[31m",
    "a\udcff",
    "a\0b",
    "~no-such-user/x",
    "\u2028",
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "words",
    [
        ["--dataset={}", "--model=Pop"],
        ["--dataset={}", "--model=Pop,OPAL"],
        ["--dataset=tiny", "--model=Pop", "--data_path={}"],
        ["--dataset=tiny", "--model=Pop,OPAL", "--data_path={}"],
        [*TRAIN, "--config_files={}"],
        [*TRAIN, "--topk={}"],
        [*TRAIN, "--{}=1"],
        [*TRAIN, "{}"],
        ["--dataset=tiny", "--data_path=data", "--model={}"],
        ["--dataset=tiny", "--data_path=data", "--model=OPAL,Pop@{}=1"],
        ["--dataset=tiny", "--data_path=data", "--model=OPAL,Pop@epochs={}"],
        ["--resume={}"],
        ["convert", "{}", "--out=dataset/mine", "--user=u", "--item=i", "--time=t"],
        ["convert", "log.csv", "--out={}", "--user=u", "--item=i", "--time=t"],
        ["describe", "{}"],
        ["describe", "tiny", "--data_path={}"],
        ["describe", "tiny", "--data_path=data", "--TIME_FIELD={}"],
        ["synthesize", "--out={}", "--users={}"],
        ["synthesize", "--{}=3"],
        ["recommend", "{}"],
        ["recommend", "run", "--histories={}"],
        ["recommend", "run", "--out={}"],
        ["recommend", "run", "--only={}"],
        ["recommend", "run", "--user={}"],
        ["{}"],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_every_command_tells_an_odd_value_in_one_line(place, capsys, words, odd):
    (place / "log.csv").write_text("a,b,c\n1,2,3\n")
    assert cli.main([word.replace("{}", odd) for word in words]) == 2
    check(capsys.readouterr().err, odd)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_the_report_tells_an_odd_folder_in_one_line(place, capsys, odd):
    assert report([odd]) == 2
    check(capsys.readouterr().err, odd)


def check(errors, odd):
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert errors[:-1].isprintable()
    assert len(errors) < 1000
    assert len(odd) < 300 or odd not in errors


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("name", ["dataset", "data_path", "checkpoint_dir", "config_files"])
def test_run_tells_an_odd_path_in_one_line(place, name, odd):
    given = {"dataset": "tiny", "data_path": "data", "config_files": ()} | {name: odd}
    with pytest.raises(OpalError) as caught:
        recbole_opal.run("Pop", **given, tensorboard=False, show_progress=False, epochs=1)
    check(f"error: {caught.value}\n", odd)
    with pytest.raises(OpalError) as caught:
        recbole_opal.resume(odd)
    check(f"error: {caught.value}\n", odd)


def test_bytes_of_the_shell_that_are_no_text_are_told(place, capsys):
    word = os.fsdecode(b"--dataset=\xff\xfe")
    assert cli.main([word]) == 2
    assert "no text in UTF-8" in capsys.readouterr().err
    assert sys.getfilesystemencodeerrors() == "surrogateescape"
