from pathlib import Path

import numpy as np
import pytest

from recbole_opal.synthesis.synthesize_command import main

BUNDLED = Path(__file__).parents[2] / "dataset" / "synthetic-small"
SIZES = ["--users=500", "--items=300", "--categories=12", "--interests=3", "--length=24"]


def refusal(capsys, *arguments):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_the_bundled_data_set_is_what_the_command_writes(tmp_path, capsys):
    folder = tmp_path / "synthetic-small"
    assert main([*SIZES, f"--out={folder}"]) == 0
    for name in ("synthetic-small.inter", "synthetic-small.item", "synthetic-small.yaml"):
        assert (folder / name).read_bytes() == (BUNDLED / name).read_bytes(), name
    with np.load(folder / "truth.npz") as new, np.load(BUNDLED / "truth.npz") as old:
        for name in old:
            np.testing.assert_array_equal(new[name], old[name])
    lines = capsys.readouterr().out.splitlines()
    assert "interactions of 500 users with 300 items in 12 categories" in lines[0]
    assert str(folder / "truth.npz") in lines[1]
    assert lines[2].endswith(f"--dataset=synthetic-small --data_path={tmp_path}")
    assert len(lines) == 3


def test_the_bundled_data_set_is_small():
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 300_000


def test_the_command_for_the_usual_folder_needs_no_data_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--users=5", "--out=dataset/mine"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("--dataset=mine")


def test_every_number_reaches_the_log(tmp_path):
    rates = ["--drift=0", "--skew=0", "--sessions=1", "--noise=1", "--seed=7", "--length=5"]
    sizes = ["--users=20", "--items=30", "--categories=4", "--interests=4"]
    assert main([*sizes, *rates, f"--out={tmp_path / 'a'}"]) == 0
    from recbole_opal.synthesis.synthetic_log import synthesize

    log = synthesize(
        20,
        30,
        4,
        4,
        drift=0,
        popularity_skew=0,
        session_length=1,
        noise=1,
        seed=7,
        mean_length=5,
    )
    rows = np.loadtxt(tmp_path / "a" / "a.inter", skiprows=1, dtype=np.int64)
    assert np.array_equal(rows, np.stack([log.users, log.items, log.times], axis=1).astype(int))


def test_a_data_set_is_not_replaced_unasked(tmp_path, capsys):
    out = f"--out={tmp_path / 'a'}"
    assert main(["--users=5", out]) == 0
    before = (tmp_path / "a" / "a.inter").read_bytes()
    capsys.readouterr()
    assert "--overwrite=True" in refusal(capsys, "--users=6", out)
    assert (tmp_path / "a" / "a.inter").read_bytes() == before
    assert main(["--users=6", out, "--overwrite=True"]) == 0
    assert (tmp_path / "a" / "a.inter").read_bytes() != before


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--user=5", "did you mean --users?"),
        ("--zzz=5", "choose from users"),
        ("--users", "--users=VALUE"),
        ("--users=many", "--users=many is not an integer"),
        ("--users=True", "not an integer"),
        ("--users=0", "--users=0; give a number in [1,"),
        ("--users=1.5", "not an integer"),
        ("--categories=5", "--categories=5 is too small"),
        ("--items=3", "--items=3 leaves categories empty"),
        ("--length=nan", "--length=nan is not a number"),
        ("--length=1e9", "--length=1e+09; give a number"),
        ("--drift=1.1", "--drift=1.1; give a number in [0, 1]"),
        ("--seed=-1", "--seed=-1 is negative"),
        ("--overwrite=maybe", "must be True or False"),
        ("--out=..", "names no data set"),
        ("--out=d/-x", "begins with no dash"),
        ("--out=dataset/ml-100k", "write for example --out=dataset/my-ml-100k."),
        ("--out=" + "x" * 300, "longer than 200 bytes"),
        ("--out=" + "x" * 300 + "/a", "File name too long"),
        ("--out=~no-such-user/a", "the home folder of nobody"),
        ("--out=", "--out is missing"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(tmp_path, capsys, monkeypatch, argument, told):
    monkeypatch.chdir(tmp_path)
    out = [] if argument.startswith("--out") else ["--out=a"]
    assert told in refusal(capsys, argument, *out)
    assert list(tmp_path.iterdir()) == []


def test_more_than_any_memory_holds(tmp_path, capsys):
    message = refusal(capsys, "--users=1000000000", "--length=100", f"--out={tmp_path / 'a'}")
    assert "give 2000000000 or fewer" in message


def test_a_place_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert "cannot write" in refusal(capsys, "--users=5", f"--out={tmp_path / 'file' / 'a'}")


def test_help_names_every_flag_with_its_default(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for flag in ("--users=1000:", "--drift=0.2:", "--seed=0:", "--overwrite=False:", "--out="):
        assert flag in text


@pytest.mark.parametrize("name", ["a.item", "a.yaml", "truth.npz"])
def test_no_file_of_an_older_data_set_is_replaced_unasked(tmp_path, capsys, name):
    folder = tmp_path / "a"
    assert main(["--users=5", f"--out={folder}"]) == 0
    for path in folder.iterdir():
        if path.name != name:
            path.unlink()
    capsys.readouterr()
    assert "is there already" in refusal(capsys, "--users=6", f"--out={folder}")
    assert [path.name for path in folder.iterdir()] == [name]


def test_settings_written_by_hand_are_not_replaced_at_all(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.yaml").write_text("topk: [5]\n")
    arguments = ["--users=5", f"--out={tmp_path / 'a'}", "--overwrite"]
    assert "a.yaml was written by hand" in refusal(capsys, *arguments)
    assert (tmp_path / "a" / "a.yaml").read_text() == "topk: [5]\n"


def test_users_of_a_replaced_log_go(tmp_path):
    arguments = ["--users=5", f"--out={tmp_path / 'a'}", "--overwrite"]
    assert main(arguments) == 0
    (tmp_path / "a" / "a.user").write_text("")
    assert main(arguments) == 0
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["a.inter", "a.item", "a.yaml", "truth.npz"]


def test_the_command_that_is_printed_can_be_given(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--users=5", "--out=d e/my data"]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert told == ("train with: python -m recbole_opal run '--dataset=my data' '--data_path=d e'")
