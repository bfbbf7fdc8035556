"""`convert` from Python, conditions in SQL, and logs that come in parts."""

import sys
from datetime import datetime

import duckdb
import pandas as pd
import pytest
import yaml

import recbole_opal
from recbole_opal.conversion.convert_command import main
from recbole_opal.errors import DataError, OpalError, SettingsError

ROLES = {"user": "u", "item": "i", "time": "t"}
LOG = pd.DataFrame(
    {
        "u": ["007", "a", "a", None],
        "i": [7, 8, 12345678901234567, 9],
        "t": pd.to_datetime(
            ["2022-01-01", "2022-01-02 00:00:01", "2022-01-03", "2022-01-04"], format="ISO8601"
        ),
        "play": [1.0, 30.0, None, 5.0],
        "length": [2, 20, 20, 5],
    }
)


def rows(folder):
    return [line.split("\t") for line in (folder / f"{folder.name}.inter").read_text().splitlines()]


class InANotebook:
    """A connection of DuckDB's in a notebook without ipywidgets."""

    def __init__(self, connection):
        self._connection = connection

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, text, *values):
        if "progress_bar" in text:
            raise duckdb.InvalidInputException("required package 'ipywidgets' is missing")
        return self._connection.execute(text, *values)


def test_a_frame_is_converted_in_a_notebook_that_shows_no_bars(tmp_path, monkeypatch):
    connect = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *a, **k: InANotebook(connect(*a, **k)))
    written = recbole_opal.convert(LOG, tmp_path / "m", **ROLES)
    assert written.rows == 3


def test_a_frame_of_pandas(tmp_path, capsys):
    written = recbole_opal.convert(LOG, tmp_path / "m", keep="play:float", **ROLES)
    assert rows(tmp_path / "m")[1:] == [
        ["007", "7", "1640995200", "1"],
        ["a", "8", "1641081601", "30"],
        ["a", "12345678901234567", "1641168000", ""],
    ]
    assert (written.rows, written.users, written.items) == (3, 2, 3)
    assert written.tally.dropped == {"no user": 1}
    assert capsys.readouterr().out == ""


def test_a_frame_of_items_and_one_of_arrow(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    items = arrow.table({"i": [7, 8], "tag": [["x", "y z"], None], "n": [1.5, 2.0]})
    log = arrow.Table.from_pandas(LOG[:3])
    flags = {"items": items, "fields": ["tag:token_seq", "n:float"]}
    recbole_opal.convert([log, LOG[:1]], tmp_path / "m", **flags, **ROLES)
    assert (tmp_path / "m/m.item").read_text().splitlines()[1:] == ["7\tx y_z\t1.5", "8\t\t2"]
    assert len(rows(tmp_path / "m")) == 5


def test_a_frame_of_polars(tmp_path):
    polars = pytest.importorskip("polars")
    log = polars.DataFrame({"u": ["07", "a"], "i": [7, 8], "t": [1_650_000_000, 1_650_000_001]})
    recbole_opal.convert(log, tmp_path / "m", **ROLES)
    assert rows(tmp_path / "m")[1:] == [["07", "7", "1650000000"], ["a", "8", "1650000001"]]


@pytest.mark.parametrize("lazy", [False, True])
def test_types_of_polars(tmp_path, lazy):
    polars = pytest.importorskip("polars")
    columns = {"u": ["07", None], "i": ["x", "y"], "t": [datetime(2022, 4, 1, 12), None]}
    log = polars.DataFrame(columns | {"k": [[1, 2], None]})
    items = polars.DataFrame({"i": ["x"], "tag": [["a", "b c"]]})
    given = log.lazy() if lazy else log
    flags = {"keep": "k:token_seq", "items": items, "fields": "tag:token_seq"}
    recbole_opal.convert(given, tmp_path / "m", **ROLES, **flags)
    assert rows(tmp_path / "m")[1:] == [["07", "x", "1648814400", "1 2"]]
    assert (tmp_path / "m/m.item").read_text().splitlines()[1:] == ["x\ta b_c"]


def test_polars_without_pyarrow(tmp_path, monkeypatch):
    polars = pytest.importorskip("polars")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match="is read by way of pyarrow; install it with"):
        recbole_opal.convert(polars.DataFrame({"u": ["a"]}), tmp_path / "m", **ROLES)


def test_files_too(tmp_path):
    LOG.to_csv(tmp_path / "log.csv", index=False)
    written = recbole_opal.convert(str(tmp_path / "log.csv"), tmp_path / "m", label="i>7", **ROLES)
    assert written.rows == 2


@pytest.mark.parametrize(
    ("given", "flags", "error", "message"),
    [
        (LOG, {**ROLES, "user": "usr"}, DataError, "the frame has no column usr; .*"),
        (LOG, {**ROLES, "lable": "a==1"}, SettingsError, "did you mean"),
        (LOG, {"user": "u"}, SettingsError, "--item is missing; write for example"),
        ([], ROLES, SettingsError, "no source is given"),
        (5, ROLES, DataError, "the frame cannot be read"),
        (LOG, {"rule": "x"}, SettingsError, "need the names of their columns"),
    ],
)
def test_mistakes(tmp_path, given, flags, error, message):
    with pytest.raises(error, match=message) as caught:
        recbole_opal.convert(given, tmp_path / "m", **flags)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("play >= length", ["8"]),
        ("play >= length or u = '007'", ["7", "8"]),
        ("i in (7, 8) and not u like 'a%'", ["7"]),
        ("length between 3 and 20", ["8", "12345678901234567"]),
        ("play is null -- unknown", ["12345678901234567"]),
        ("U = 'a' and PLAY > 9", ["8"]),
    ],
)
def test_conditions_in_sql(tmp_path, where, kept):
    written = recbole_opal.convert(LOG, tmp_path / "m", where=where, **ROLES)
    assert [row[1] for row in rows(tmp_path / "m")[1:]] == kept
    assert written.tally.rows == 4
    assert any(reason.startswith("not ") for reason in written.tally.dropped)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("ply > 1", "there is no column ply; did you mean play?"),
        ("play >", "is no condition of SQL"),
        ("play > 1; DROP TABLE log", "is no condition of SQL"),
        ("length(u, i)", "is no condition of SQL"),
        ("'x'", "no interaction is left of 4 rows"),
        ("cast(u as integer) > 1", "DuckDB stops: Could not convert string 'a'"),
    ],
)
def test_conditions_that_are_none(tmp_path, where, message):
    with pytest.raises(OpalError, match=message) as caught:
        recbole_opal.convert(LOG, tmp_path / "m", where=where, **ROLES)
    assert "\n" not in str(caught.value)


PARTS = {
    "time": ("a,x,1\na,y,2\nb,x,3\n", "a,z,5\nb,y,6\n", "b,z,9\n"),
    "last": ("a,x,1\na,w,1\nb,x,11\nb,y,12\n", "a,y,2\nb,z,13\n", "a,z,3\nb,w,14\n"),
    "none": ("a,x,3\na,y,2\nb,x,3\n", "a,z,1\nb,y,6\n", "b,z,2\n"),
}


@pytest.fixture
def parts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(kind):
        for name, text in zip(("train", "valid", "test"), PARTS[kind], strict=True):
            (tmp_path / f"{name}.csv").write_text("u,i,t\n" + text)
        return ["train.csv", "--valid=valid.csv", "--test=test.csv", "--out=dataset/m"]

    return write


@pytest.mark.parametrize(
    ("kind", "split"),
    [("time", {"time": {"cuts": [5, 9]}}), ("last", {"LS": "valid_and_test"})],
)
def test_a_log_in_parts_keeps_them(parts, tmp_path, kind, split, capsys):
    argv = [*parts(kind), "--user=u", "--item=i", "--time=t"]
    assert main(argv) == 0
    assert f"protocol: {split}" in capsys.readouterr().out.replace(".0", "")
    settings = yaml.safe_load((tmp_path / "dataset/m/m.yaml").read_text())
    assert settings["eval_args"] == {"split": split}
    assert len(rows(tmp_path / "dataset/m")) == 1 + sum(len(text.split()) for text in PARTS[kind])


def test_parts_that_no_run_makes_are_refused(parts, capsys, tmp_path):
    argv = [*parts("none"), "--user=u", "--item=i", "--time=t"]
    assert main(argv) == 2
    assert "no run can divide the log as its files are divided" in capsys.readouterr().err
    assert main([one for one in argv if "valid" not in one]) == 2
    assert "--valid and --test go together" in capsys.readouterr().err
    assert not (tmp_path / "dataset").exists()


@pytest.mark.parametrize("kind", ["time", "last"])
def test_a_run_divides_the_log_as_its_files_do(parts, kind, tmp_path, quick_settings):
    from recbole_opal.host.config import OpalConfig
    from recbole_opal.host.dataset import FutureItemDataset

    assert main([*parts(kind), "--user=u", "--item=i", "--time=t"]) == 0
    settings = {name: value for name, value in quick_settings.items() if name != "eval_args"}
    settings |= {"data_path": "dataset", "use_gpu": False}
    dataset = FutureItemDataset(OpalConfig("OPAL", "m", settings))
    dataset.build()
    trained = zip(*(dataset.id2token(f"{one}_id", dataset.inter_feat[f"{one}_id"])
                    for one in ("user", "item")), strict=True)  # fmt: skip
    assert sorted(trained) == sorted(tuple(row.split(",")[:2]) for row in PARTS[kind][0].split())
