from pathlib import Path

import pytest

from recbole_opal.conversion.arguments import parse_convert
from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.generic import generic_source
from recbole_opal.errors import DataError, SettingsError

COLUMNS = ["--user=u", "--item=i", "--time=t"]


def source(*argv, log="log.csv"):
    return generic_source(parse_convert([str(log), "--out=d/n", *COLUMNS, *argv]))


def test_both_forms_of_a_flag():
    request = parse_convert(
        ["a.csv", "--out", "dataset/x", "b.csv", "--item-file=items.csv", "--overwrite", "true"]
    )
    assert request.sources == (Path("a.csv"), Path("b.csv"))
    assert request.out == Path("dataset/x")
    assert request.flags["item_file"] == "items.csv"
    assert request.overwrite
    assert not request.is_generic


def test_everything_that_can_be_said(tmp_path):
    log, items = tmp_path / "log.csv", tmp_path / "i.csv"
    log.write_bytes("1\t2\t3\t4\t\xe9\n".encode("latin-1"))
    items.write_text("1\t2\t3\t4\t5\n")
    got = source(
        "--label=a==1 and b>2",
        "--keep=b:token",
        "--time_unit=seconds",
        "--separator=tab",
        "--names=u,i,t,a,b",
        "--quoted=False",
        "--encoding=latin-1",
        f"--item_file={items}",
        "--fields=a:token_seq",
        "--item_key=b",
        "--list_separator=|",
        log=log,
    )
    (part,), (described,) = got.parts, got.items.parts
    assert part.table.origin == str(log)
    assert (part.user, part.item, part.time, described.item) == ("c0", "c1", "c2", "c4")
    assert part.further == {"a": "c3", "b": "c4"}
    assert got.filters[0].otherwise == "not a==1 and b>2"
    assert got.keep == (Column("b", "token"),)
    assert got.items.columns == (Column("a", "token_seq"),)
    assert (got.list_separator, got.clock.unit) == ("|", "seconds")
    names = ["--separator=tab", "--names=u,i,t,a,b", "--encoding=latin-1"]
    got = source(*names, f"--item_file={items}", "--fields=a:token", log=log)
    assert got.items.parts[0].item == "c1"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "no SOURCE is named"),
        (["log.csv"], "--out is missing; write for example --out=dataset/log."),
        (["log.csv", "--out="], "--out is empty"),
        (["log.csv", "user=u", "--out=x"], "'user=u' is no file; write --user=u"),
        (["log.csv", "--out=x", "--overwrite=maybe"], "must be True or False"),
        (["log.csv", "--out=x", "--out=y"], "given twice"),
        (["log.csv", "-o", "x"], "not a flag"),
        (["log.csv", "a.csv", "./log.csv", "--out=x"], "the SOURCE log.csv is named twice"),
        (["~no-such-user/log.csv", "--out=x"], "the home folder of nobody"),
        (["log.csv", "--out"], "--out needs its value"),
        (["log.csv", "--out=x", "--keep", "--overwrite"], "--keep needs its value"),
    ],
)
def test_mistakes_in_the_command(argv, message):
    with pytest.raises(SettingsError, match=message):
        parse_convert(argv)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--lable=a==1", "--lable is not a flag of convert; did you mean --label"),
        ("--label=a=1", "'=1' cannot be read"),
        ("--fields=a:token", "add --item_file"),
        ("--keep=a", "not a column with its type"),
        ("--separator=abcde", "no separator"),
        ('--separator="', "no separator"),
        ("--names=u,u", "names a column twice"),
        ("--rule=like", "--rule is for known public data sets"),
        ("--quoted=2", "must be True or False"),
    ],
)
def test_mistakes_in_the_columns(flag, message):
    with pytest.raises(SettingsError, match=message):
        source(flag)


def test_missing_columns_are_guessed_from_the_header(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("uid,movieId,rating,Timestamp\n")
    request = parse_convert([str(path), "--out=d/n", "--user=uid"])
    with pytest.raises(SettingsError, match="--user=uid --item=movieId --time=Timestamp"):
        generic_source(request)


def test_missing_fields_are_guessed_from_the_item_table(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("id,tag\n")
    with pytest.raises(SettingsError, match="--fields=id:token,tag:token"):
        source(f"--item_file={path}")


def test_a_switch_needs_no_value_and_takes_no_source():
    request = parse_convert(["--overwrite", "a.csv", "--out=x", "--quoted", "False", "b.csv"])
    assert request.sources == (Path("a.csv"), Path("b.csv"))
    assert request.overwrite
    assert request.flags["quoted"] == "False"
    assert parse_convert(["a.csv", "--out=x", "--overwrite"]).overwrite


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--fields=tgs:token"], "--fields: .*items.csv has no column tgs; did you mean tag?"),
        (["--fields=tag:token", "--item_key=vid"], "--item_key: .*items.csv has no column vid"),
    ],
)
def test_the_columns_of_the_items_are_looked_for_before_the_log_is_read(tmp_path, flags, message):
    path = tmp_path / "items.csv"
    path.write_text("i,tag\n")
    with pytest.raises(DataError, match=message):
        source(f"--item_file={path}", *flags)
