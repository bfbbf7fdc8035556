"""`recommend RUN`: lists into a file, or as a table."""

import json
import shutil
from itertools import repeat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recbole_opal
from recbole_opal import cli
from recbole_opal.console.users_bar import UsersProgress
from recbole_opal.errors import INTERRUPTED
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.serving.own_users import own_users

HISTORIES = {"ann": ["i3", "i5", "i3"], "bob": ["i40", "nope"], "new": []}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = (json.dumps({"user": user, "items": items}) for user, items in HISTORIES.items())
    (tmp_path / "h.jsonl").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def recommend(place, folder, capsys):
    """Return a function that runs the command and gives what it printed."""

    def run(*flags, code=0):
        assert cli.main(["recommend", str(folder), *flags]) == code
        printed = capsys.readouterr()
        assert not list(place.glob(".*"))
        return printed.err if code == 2 else printed.out

    return run


@pytest.mark.filterwarnings("ignore:the histories hold 1 unknown item")
def test_the_file_holds_what_python_gets(recommend, folder):
    expected = recbole_opal.load(folder).recommend(HISTORIES, k=7)
    for name, read in {"l.csv": pd.read_csv, "l.parquet": pd.read_parquet}.items():
        printed = recommend("--histories=h.jsonl", "--k=7", f"--out={name}", "--batch_size=2")
        assert printed.splitlines() == [
            "3 users; by popularity, since no item of theirs is known: 1",
            "the histories hold 1 unknown item, 'nope'; left out",
            f"lists: {name}",
        ]
        frame = read(name).astype({"score": np.float32})
        pd.testing.assert_frame_equal(frame, expected, check_dtype=False)
    recommend("--histories=h.jsonl", "--k=7", "--out=l.jsonl")
    records = [json.loads(line) for line in Path("l.jsonl").read_text().splitlines()]
    assert [record["user"] for record in records] == list(HISTORIES)
    assert [item for record in records for item in record["items"]] == expected["item"].tolist()


def test_the_same_command_again_replaces_the_file(recommend, place):
    (place / "l.csv").write_text("old")
    recommend("--histories=h.jsonl", "--out=l.csv")
    first = (place / "l.csv").read_bytes()
    recommend("--histories=h.jsonl", "--out=l.csv")
    assert (place / "l.csv").read_bytes() == first


def test_a_few_users_are_shown(recommend):
    shown = recommend("--histories=h.jsonl", "--k=12")
    assert "the first 10 items each" in shown
    rows = [line for line in shown.splitlines() if line.startswith("│")]
    assert [row.split("│")[1].strip() for row in rows if row.split("│")[1].strip()] == [*HISTORIES]
    assert "popularity" in rows[-1]


def test_one_user_of_the_run_is_shown(recommend, folder):
    shown = recommend("--user=u7", "--k=4")
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if line.startswith("│")]
    saved = recbole_opal.load(folder)
    lists = saved.lists(own_users(saved.trained, "u7"), 4)
    assert [row[1].strip() for row in rows] == lists.items()[0]
    assert [int(row[3]) for row in rows] == lists.interests[0].tolist()


def test_many_users_need_a_file(recommend):
    assert "more than 20 users; write --out=lists.csv" in recommend(code=2)
    assert "30 users" in recommend("--out=l.csv")


def test_items_are_left_out_or_chosen(recommend, place):
    (place / "items.txt").write_text("i1\n\ni2\r\ni3\n")
    recommend("--histories=h.jsonl", "--only=items.txt", "--out=l.csv")
    frame = pd.read_csv("l.csv")
    assert set(frame.item) == {"i1", "i2", "i3"}
    assert set(frame[frame.user == "ann"].item) == {"i1", "i2"}
    recommend("--histories=h.jsonl", "--only=i1,i2,i3", "--exclude_seen=False", "--out=l.csv")
    assert set(pd.read_csv("l.csv").query("user == 'ann'").item) == {"i1", "i2", "i3"}
    told = recommend("--histories=h.jsonl", "--exclude=i1,i2,no", "--k=100", "--out=l.csv")
    assert "--exclude holds 1 unknown item, 'no'; left out" in told
    assert pd.read_csv("l.csv").query("user == 'new'").item.nunique() == 38


def test_the_columns_of_the_run_are_read(recommend, place):
    frame = pd.DataFrame({"uid": ["b", "a", "b"], "vid": ["i2", "i1", "i3"], "ts": [2, 1, 1]})
    frame.to_csv(place / "a.csv", index=False)
    recommend("--histories=a.csv", "--out=l.jsonl")
    frame.set_axis(["x", "y", "z"], axis=1).to_csv(place / "b.csv", index=False)
    flags = ("--user_field=x", "--item_field=y", "--time_field=z")
    recommend("--histories=b.csv", "--out=again.jsonl", *flags)
    assert (place / "l.jsonl").read_text() == (place / "again.jsonl").read_text()


def test_no_user_at_all(recommend, place):
    (place / "none.jsonl").write_text("")
    assert recommend("--histories=none.jsonl") == "no user: the histories are empty\n"
    assert recommend("--histories=none.jsonl", "--out=l.csv").startswith("0 users")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--histories=h.jsonl", "--k=0"], "k=0 is not allowed"),
        (["--histories=h.jsonl", "--k=many"], "k='many' is not allowed"),
        (["--histories=h.jsonl", "--diversity=nan"], "diversity=nan is not allowed"),
        (["--histories=h.jsonl", "--batch_size=0"], "batch_size=0"),
        (["--histories=h.jsonl", "--unknown=error"], "1 unknown item, 'nope'"),
        (["--histories=h.jsonl", "--only=items.txt"], "there is no such file"),
        (["--histories=h.jsonl", "--only=,"], "names no item"),
        (["--histories=h.jsonl", "--stage=sfot"], "did you mean soft?"),
        (["--histories=h.jsonl", "--retrieval=hsnw"], "hsnw"),
        (["--histories=h.jsonl", "--retrieval_args=3"], "is no mapping"),
        (["--histories=h.jsonl", "--exclude_seen=maybe"], "must be True or False"),
        (["--histories=h.jsonl", "--user=u1"], "both name users"),
        (["--histories=h.jsonl", "--usr_field=x"], "did you mean --user_field?"),
        (["--histories=h.jsonl", "--time_unit=second"], "did you mean seconds?"),
        (["--histories=no.jsonl"], "no.jsonl is not there"),
        (["--histories=broken.jsonl", "--batch_size=1"], "broken.jsonl, line 3 is no JSON"),
        (["--user=u77"], "'u77' is not in the test part"),
    ],
)
@pytest.mark.parametrize("out", ["l.csv", "l.jsonl", "l.parquet"])
def test_after_an_error_the_old_file_is_there(recommend, place, flags, told, out):
    user = '{"user": "u", "items": ["i1"]}\n'
    (place / "broken.jsonl").write_text(user + user + "{\n")
    (place / out).write_text("old")
    message = recommend(*flags, f"--out={out}", code=2)
    assert told in message
    assert message.count("\n") == 1
    assert (place / out).read_text() == "old"


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("l.xls", "no known ending; name it .csv, .jsonl, .parquet"),
        ("none/l.csv", "the folder none is not there"),
        ("folder.csv", "folder.csv is a folder"),
        ("h.jsonl", "would replace the histories"),
    ],
)
def test_a_place_for_the_lists_is_checked_first(recommend, place, out, told):
    (place / "folder.csv").mkdir()
    before = (place / "h.jsonl").read_bytes()
    assert told in recommend("--histories=h.jsonl", f"--out={out}", code=2)
    assert (place / "h.jsonl").read_bytes() == before


@pytest.mark.posix
@pytest.mark.parametrize("out", ["l.csv", "l.jsonl", "l.parquet"])
def test_a_full_disk_leaves_the_old_file(recommend, place, out):
    import resource

    lines = repeat('{"items": ["i1"], "user": "u"}\n', 6000)
    (place / "many.jsonl").write_text("".join(lines))
    (place / out).write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        message = recommend("--histories=many.jsonl", f"--out={out}", code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"cannot write {out} (File too large)" in message
    assert (place / out).read_text() == "old"


@pytest.mark.parametrize("out", ["l.csv", "l.jsonl", "l.parquet"])
def test_an_interruption_leaves_the_old_file(recommend, place, monkeypatch, out):
    def stop(self, users):
        raise KeyboardInterrupt

    monkeypatch.setattr(UsersProgress, "advance", stop)
    (place / out).write_text("old")
    recommend("--histories=h.jsonl", f"--out={out}", code=INTERRUPTED)
    assert (place / out).read_text() == "old"


def test_the_lists_of_a_run_are_those_it_saved(quick_settings, capsys):
    run = recbole_opal.run("OPAL", "tiny", **quick_settings).folder
    assert cli.main(["recommend", str(run), "--k=10", "--out=l.jsonl"]) == 0
    stage = RunReader.open(run).load_json("metrics.json")["best_stage"]
    saved = RunReader.open(run).load_arrays(f"lists-{stage}-test.npz")
    tokens = RunReader.open(run).load_json("ids.json")["item_id"]
    records = [json.loads(line) for line in Path("l.jsonl").read_text().splitlines()]
    expected = [[tokens[number] for number in row if number] for row in saved["items"].tolist()]
    assert [record["items"] for record in records] == expected


def test_how_it_is_called_is_told(recommend, capsys):
    assert "--histories: what users met" in recommend("--help")
    assert cli.main(["recommend"]) == 2
    assert "no run is named; usage: " in capsys.readouterr().err


def test_a_folder_without_histories(folder, place, capsys):
    shutil.copytree(folder, place / "run")
    RunFolder.open(place / "run").drop("histories-test.npz")
    assert cli.main(["recommend", "run"]) == 2
    assert "holds no histories of its own" in capsys.readouterr().err
