import gzip
import shlex
import sys
import tracemalloc

import numpy as np
import pytest

from recbole_opal.cli import main as main_of_all
from recbole_opal.conversion.convert_command import main

LOG = """user_id,video_id,time_ms,long_view,tab
007,v1,1650000000123,1,a
007,v2,1650000001123,0,a
007,"v""3",1650000002123,1,b
u2, v1,1650000003123,1,
u2,,1650000003124,1,
u2,v9,,1,
u2,NA,1650000003124,1,
u3,v2,0,1,x
u3,v2,1650090003124,x,x
u3,v2,1650090003124,1,x
"""
ITEMS = 'video_id,tag,length\nv1,"1,2",3.5\nv1,"1",3\nv77,4,1\nv2,"[a b, c]",\n'
COLUMNS = ["--user=user_id", "--item=video_id", "--time=time_ms"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "items.csv").write_text(ITEMS)
    return tmp_path


def convert(*argv):
    return main([*argv, *COLUMNS])


def test_a_log_with_all_that_can_go_wrong_in_a_row(folder, capsys):
    code = convert(
        *("log.csv", "--out", "dataset/mine", "--label=long_view==1", "--keep=tab:token"),
        *("--item-file=items.csv", "--fields=tag:token_seq,length:float"),
    )
    assert code == 0
    assert (folder / "dataset/mine/mine.inter").read_text() == (
        "user_id:token\titem_id:token\ttimestamp:float\ttab:token\n"
        "007\tv1\t1650000000.123\ta\n"
        '007\tv"3\t1650000002.123\tb\n'
        "u2\tv1\t1650000003.123\t\n"
        "u3\tv2\t1650090003.124\tx\n"
    )
    assert (folder / "dataset/mine/mine.item").read_text() == (
        "item_id:token\ttag:token_seq\tlength:float\nv1\t1 2\t3.5\nv2\ta_b c\t\n"
    )
    shown = capsys.readouterr().out
    for line in (
        "times: time_ms holds milliseconds since 1970",
        "train with: python -m recbole_opal run --dataset=mine\n",
        "look at it: python -m recbole_opal describe mine\n",
    ):
        assert line in shown
    cells = [[cell.strip() for cell in line.split("│")[1:3]] for line in shown.splitlines()]
    table = {cell[0]: cell[1] for cell in cells if len(cell) == 2}
    assert table == {
        "rows read": "10",
        "left out: no item": "2",
        "left out: no number in long_view": "1",
        "left out: not long_view==1": "1",
        "left out: no time in time_ms": "1",
        "left out: time_ms is no time of the years 1990 to 2099": "1",
        "interactions": "4",
        "users": "3",
        "items": "3",
        "first": "2022-04-15 05:20:00 UTC",
        "last": "2022-04-16 06:20:03 UTC",
        "span": "1.0 days",
        "items with a row in the item table": "2",
        "items without": "1",
        "left out: items nobody interacted with": "1",
    }


def test_several_files_become_one_log(folder, capsys):
    with gzip.open("more.csv.gz", "wt") as file:
        file.write("time_ms,user_id,video_id\n1650000009000,u9,v1\n")
    assert convert("log.csv", "more.csv.gz", "--out=mine") == 0
    assert (folder / "mine/mine.inter").read_text().endswith("u9\tv1\t1650000009\n")
    assert "--data_path=." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["no.csv", "--out=mine"], "there is no file no.csv"),
        (["log.csv", "--out=mine", "--user=usr_id"], "given twice"),
        (["log.csv", "--out=mine", "--label=long_vew==1"], "did you mean long_view?"),
        (["log.csv", "--out=mine", "--label=tab==z"], "no interaction is left of 10 rows"),
        (["log.csv", "--out=mine", "--time_unit=iso"], "'1650000000123'"),
        (["log.csv", "--out=items.csv"], "--out=items.csv is a file"),
        (["log.csv", "--out=dataset/ml-100k"], "write for example --out=dataset/my-ml-100k."),
        (["log.csv", "--out=d/-x"], "begins with no dash"),
        (["log.csv", f"--out={'x' * 300}"], "longer than 200 bytes; shorten it."),
        ([f"{'x' * 300}.csv", "--out=mine"], "is too long; shorten it."),
        (["log.csv", f"--out={'x' * 300}/mine"], "name too long); name another folder."),
        (["log.csv", "--out=mine", "--keep=user_id:token"], "convert itself writes a column"),
        (["log.csv", "--out=mine", "--keep=tab:float"], "line 2: 'a' in tab is no finite number"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(folder, capsys, argv, message):
    assert convert(*argv) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.startswith("error: ")
    assert shown.err.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["items.csv", "log.csv"]


def test_an_unknown_file_without_columns_shows_how_to_name_them(folder, capsys):
    assert main(["log.csv", "--out=mine"]) == 2
    assert "--user=user_id --item=video_id --time=time_ms" in capsys.readouterr().err
    assert main(["log.csv", "items.csv", "--out=mine"]) == 2
    assert "several sources need the names" in capsys.readouterr().err


PAIRS = "user,item,timestamp\n1,5,1650000000123\n2,6,1650000000456\n"


def test_a_public_data_set_needs_no_columns(folder, capsys):
    raw = folder / "raw"
    raw.mkdir()
    (raw / "MicroLens-50k_pairs.csv").write_text(PAIRS)
    assert main(["raw", "--out=dataset/lens"]) == 0
    shown = capsys.readouterr().out
    for start in ("recognised: MicroLens-50k\n", "positives: ", "licence: ", "cite: "):
        assert start in shown
    assert "2\t6\t1650000000.456\n" in (folder / "dataset/lens/lens.inter").read_text()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["raw", "--rule=lik"], "--rule=lik: MicroLens-50k has no such rule"),
        (["raw", "--label=a==1"], "--label is no flag of MicroLens-50k"),
        (["empty"], "holds no known data set"),
        (["log.csv", "--layout=Kuai"], "--layout=Kuai is no known data set"),
    ],
)
def test_mistakes_about_public_data_sets(folder, capsys, argv, message):
    for name in ("raw", "empty"):
        (folder / name).mkdir()
    (folder / "raw" / "MicroLens-50k_pairs.csv").write_text(PAIRS)
    assert main([*argv, "--out=mine"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "mine").exists()


def test_an_existing_data_set_is_kept_unless_told_otherwise(folder, capsys):
    (folder / "log.csv").write_text(LOG.replace("u2", "u4"))
    assert convert("log.csv", "--out=mine") == 0
    before = (folder / "mine/mine.inter").read_bytes()
    assert convert("log.csv", "--out=mine", "--label=tab==a") == 2
    assert "--overwrite=True" in capsys.readouterr().err
    assert (folder / "mine/mine.inter").read_bytes() == before
    assert convert("log.csv", "--out=mine", "--label=tab==a", "--overwrite=True") == 0
    assert (folder / "mine/mine.inter").read_bytes() != before


def test_what_is_converted_trains_letter_by_letter(folder, quick_settings):
    from recbole_opal.host.config import OpalConfig
    from recbole_opal.host.dataset import FutureItemDataset

    ids = [
        "1",
        "01",
        "1.0",
        '"',
        'a"b',
        "'",
        "a b",
        "\u7528\u6237",
        "#",
        "-",
        "x\u2028y",
        "e" * 900,
    ]
    rows = [(f"u{user}", item, 1_650_000_000 + at) for user in "xy" for at, item in enumerate(ids)]
    quoted = ['"' + item.replace('"', '""') + '"' for _, item, _ in rows]
    text = "".join(
        f"{user},{item},{time}\n" for (user, _, time), item in zip(rows, quoted, strict=True)
    )
    (folder / "log.csv").write_text("user_id,video_id,time_ms\n" + text, encoding="utf-8")
    assert convert("log.csv", "--out=dataset/mine") == 0
    settings = quick_settings | {"data_path": "dataset", "use_gpu": False}
    dataset = FutureItemDataset(OpalConfig("OPAL", "mine", settings))
    dataset.build()
    sequences = dataset.sequences
    for user, start, end in zip(
        sequences.users, sequences.starts, sequences.offsets[1:], strict=True
    ):
        assert dataset.id2token("user_id", user) in {"ux", "uy"}
        assert dataset.id2token("item_id", sequences.items[start:end]).tolist() == ids
        times = sequences.times[start:end]
        assert np.array_equal(times, 1_650_000_000 + np.arange(len(ids)))


def test_memory_does_not_grow_with_the_rows(folder, monkeypatch):
    peaks = []
    for rows in (12_000, 48_000):  # beyond one buffer of the parser
        lines = (f"u{row % 50},v{row % 90},{1650000000000 + row}\n" for row in range(rows))
        (folder / "log.csv").write_text("user_id,video_id,time_ms\n" + "".join(lines))
        main(["log.csv", "--out=no"])  # imports
        tracemalloc.start()
        assert convert("log.csv", "--out=mine", "--overwrite=True") == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # 36,000 rows more are 900 kB of text more, and several times that as columns.
    assert peaks[1] < peaks[0] + 400_000


COLLIDING = """user,item,time
u,1,1650000000
u,2,1650000001
"""


def test_columns_named_like_our_own_reach_the_files(folder, capsys):
    (folder / "log.csv").write_text(COLLIDING)
    (folder / "items.csv").write_text("item_id,item,cat\n1,Alien,9\n2,Brazil,8\n")
    columns = ["--user=user", "--item=item", "--time=time"]
    keep = "--keep=time:float,item:token,user:token"
    fields = ["--item_file=items.csv", "--item-key=item_id", "--fields=item:token,cat:token"]
    assert main(["log.csv", "--out=mine", *columns, keep, *fields]) == 0
    assert (folder / "mine/mine.inter").read_text().splitlines()[1:] == [
        "u\t1\t1650000000\t1650000000\t1\tu",
        "u\t2\t1650000001\t1650000001\t2\tu",
    ]
    assert (folder / "mine/mine.item").read_text().splitlines()[1:] == [
        "1\tAlien\t9",
        "2\tBrazil\t8",
    ]


def test_an_item_table_of_other_ids_is_told(folder, capsys):
    (folder / "items.csv").write_text("video_id,tag\nx1,a\n")
    assert convert("log.csv", "--out=mine", "--item_file=items.csv", "--fields=tag:token") == 2
    assert "no item of the log is in items.csv; check --item_key" in capsys.readouterr().err
    assert not (folder / "mine").exists()


@pytest.mark.parametrize("column", ["a[/b]", "play[ms]", "[bold]q"])
def test_square_brackets_are_letters(folder, capsys, column):
    (folder / "log.csv").write_text(LOG.replace("long_view", column))
    assert convert("log.csv", "--out=d/[b]x", f"--label={column}==1") == 0
    shown = capsys.readouterr().out
    assert f"left out: not {column}==1" in shown
    assert "[b]x: what was converted" in shown


def test_the_commands_that_are_printed_can_be_given(folder, capsys):
    assert convert("log.csv", "--out=d e/my data") == 0
    *_, look, train = capsys.readouterr().out.splitlines()
    assert train.endswith("-m recbole_opal run '--dataset=my data' '--data_path=d e'")
    assert main_of_all(shlex.split(look.partition(": ")[2])[3:]) == 0


def test_settings_written_by_hand_and_stale_files_are_told(folder, capsys):
    assert convert("log.csv", "--out=mine") == 0
    (folder / "mine/mine.yaml").write_text("topk: [5]\n")
    (folder / "mine/truth.npz").write_text("")
    assert convert("--overwrite", "log.csv", "--out=mine") == 0
    shown = capsys.readouterr().out
    assert "kept: mine/mine.yaml, written by hand; every run on this data reads it\n" in shown
    assert "removed: truth.npz, of the data set that was replaced\n" in shown
    assert (folder / "mine/mine.yaml").read_text() == "topk: [5]\n"


def test_nothing_is_replaced_where_an_old_file_cannot_go(folder, capsys):
    assert convert("log.csv", "--out=mine") == 0
    (folder / "mine/mine.item").mkdir()
    before = (folder / "mine/mine.inter").read_bytes()
    assert convert("log.csv", "--out=mine", "--label=tab==a", "--overwrite") == 2
    assert "mine.item is a folder" in capsys.readouterr().err
    assert (folder / "mine/mine.inter").read_bytes() == before


def test_a_public_data_set_may_bear_the_name_of_its_own_settings(folder, capsys, monkeypatch):
    (folder / "raw").mkdir()
    (folder / "raw" / "MicroLens-50k_pairs.csv").write_text(PAIRS)
    named = "recbole_opal.data.target.dataset_yaml"
    monkeypatch.setattr(named, lambda name: "x" if name.endswith("k") else None)
    assert main(["raw", "--out=dataset/microlens-50k"]) == 0
    assert main(["raw", "--out=dataset/ml-100k"]) == 2


def test_without_duckdb_the_command_that_installs_it_is_named(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert convert("log.csv", "--out=mine") == 2
    assert "need duckdb; install it with" in capsys.readouterr().err
    assert not (folder / "mine").exists()


def test_files_are_named_by_a_pattern(folder, capsys):
    for name in ("b", "a"):
        (folder / f"day-{name}.csv").write_text(f"user_id,video_id,time_ms\n{name},v,16500000000\n")
    assert convert("day-*.csv", "--out=mine") == 0
    users = [line.split("\t")[0] for line in (folder / "mine/mine.inter").read_text().splitlines()]
    assert users[1:] == ["a", "b"]
    assert convert("nothing-*.csv", "--out=other") == 2
    assert "no file matches nothing-*.csv" in capsys.readouterr().err
