"""Files whose first line names no columns: the advice is followed letter by letter."""

import gzip
import json
import re
import shlex
import subprocess

import pytest

from recbole_opal.conversion.convert_command import main

ROLES = ["--user=u", "--item=i", "--time=t"]
RECORDS = [{"u": "a", "i": f"00{at}", "t": 1_600_000_000 + at} for at in range(4)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def packed(text):
    return gzip.compress(text.encode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("the user's log.json", "\n".join(map(repr, RECORDS)).encode()),
        ("log.json.gz", packed("\n".join(map(repr, RECORDS)))),
    ],
    ids=["of Python", "packed of Python"],
)
def test_records_become_a_table(folder, capsys, name, content):
    (folder / name).write_bytes(content)
    assert main([name, "--out=m", *ROLES]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    made, table = re.search(r"make one with `(.*)`, and convert (.*)\.\n", error).groups()
    subprocess.run(shlex.split(made), check=True)
    assert main([table, "--out=m", *ROLES]) == 0
    assert (folder / "m/m.inter").read_text().splitlines()[1] == "a\t000\t1600000000"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.jsonl", "\n".join(map(json.dumps, RECORDS)).encode()),
        ("log.json", json.dumps(RECORDS).encode()),
        ("the user's log.json", json.dumps(RECORDS, indent=2).encode()),
        ("log.json.gz", packed("\n".join(map(json.dumps, RECORDS)))),
        ("log.txt", "\n\n".join(map(json.dumps, RECORDS)).encode()),
    ],
    ids=["lines", "array", "indented", "packed lines", "whatever its name"],
)
def test_records_of_json_are_read(folder, name, content):
    (folder / name).write_bytes(content)
    assert main([name, "--out=m", *ROLES]) == 0
    assert (folder / "m/m.inter").read_text().splitlines()[1] == "a\t000\t1600000000"


def test_values_of_json_are_taken_as_they_are_written(folder, capsys):
    rows = [
        '{"u": 12345678901234567890123, "i": "007", "t": 1600000000, "k": ["a", "b"]}',
        '{"u": "NA", "i": 8, "t": 1600000001.5}',
        '{"i": 9, "t": 1600000001, "u": true}',
    ]
    (folder / "log.jsonl").write_text("\n".join(rows))
    assert main(["log.jsonl", "--out=m", *ROLES, "--keep=k:token_seq"]) == 0
    assert (folder / "m/m.inter").read_text().splitlines()[1:] == [
        "12345678901234567890123\t007\t1600000000\ta b",
        "true\t9\t1600000001\t",
    ]
    (folder / "log.jsonl").write_text("\n".join([rows[0], rows[1][:20]]))
    assert main(["log.jsonl", "--out=n", *ROLES]) == 2
    error = capsys.readouterr().err
    assert "log.jsonl cannot be read (Malformed JSON" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("argv", [ROLES, []])
@pytest.mark.parametrize("sign", [",", "\t"])
def test_a_file_without_a_header_loses_no_row(folder, capsys, argv, sign):
    name = "log.csv" if sign == "," else "log.tsv"
    rows = [sign.join(["a", f"x{at}", str(1_600_000_000 + at), "5"]) for at in range(3)]
    (folder / name).write_text("\n".join(rows))
    assert main([name, "--out=m", *argv]) == 2
    error = capsys.readouterr().err
    advised = [word.rstrip(",") for word in error.split() if word.startswith("--") and "=" in word]
    assert main([name, "--out=m", *argv, *advised]) == 0
    assert len((folder / "m/m.inter").read_text().splitlines()) == 1 + len(rows)


def test_a_comment_above_the_header_is_taken_out(folder, capsys):
    (folder / "log.csv").write_text("# made in May\nu,i,t\na,x,1600000000\n")
    assert main(["log.csv", "--out=m", *ROLES]) == 2
    assert "take out the lines that are no rows" in capsys.readouterr().err


def test_columns_named_by_numbers_are_a_header(folder, capsys):
    (folder / "log.csv").write_text("user_id,i,t,1,2\na,x,1600000000,0,1\n")
    assert main(["log.csv", "--out=m", "--user=user", "--item=i", "--time=t"]) == 2
    assert "no column user; did you mean user_id?" in capsys.readouterr().err
