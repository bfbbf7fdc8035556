"""Logs whose order is their only time."""

import pytest
import yaml

from recbole_opal.conversion.convert_command import main

COLUMNS = ["--user=u", "--item=i"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "one.csv").write_text("u,i,e\na,x,1\na,y,0\nb,x,1\n,x,1\na,z,1\n")
    (tmp_path / "two.csv").write_text("e,u,i\n1,b,y\ne,u,i\n1,a,x\n")
    return tmp_path


def rows(folder):
    return (folder / "m/m.inter").read_text().split("\n", 1)[1].split()


def test_the_number_of_a_row_is_its_time_through_chunks_labels_and_files(folder, capsys):
    files = ["one.csv", "two.csv"]
    assert main([*files, "--out=m", *COLUMNS, "--order=file", "--label=e==1 or e==7"]) == 0
    assert rows(folder) == [
        "a",
        "x",
        "0",
        "b",
        "x",
        "2",
        "a",
        "z",
        "4",
        "b",
        "y",
        "5",
        "a",
        "x",
        "6",
    ]
    shown = capsys.readouterr().out
    assert "times: the numbers of the rows" in shown
    assert "the order of the file" in shown
    assert "1970" not in shown
    assert "left out: a header once more" in shown
    assert yaml.safe_load((folder / "m/m.yaml").read_text()) == {"time_unit": "order"}


def test_the_mark_stands_beside_the_categories_and_goes_with_the_order(folder, capsys):
    (folder / "items.csv").write_text("i,tag\nx,A\n")
    items = ["--item_file=items.csv", "--fields=tag:token"]
    assert main(["one.csv", "--out=m", *COLUMNS, "--order=file", *items]) == 0
    assert yaml.safe_load((folder / "m/m.yaml").read_text()) == {
        "category_field": "tag",
        "filter_inter_by_user_or_item": False,
        "time_unit": "order",
    }
    assert main(["one.csv", "--out=m", *COLUMNS, "--time=e", "--overwrite"]) == 0
    assert not (folder / "m/m.yaml").exists()


@pytest.mark.parametrize("content", ["topk: [5]\n", "time_unit: seconds\n", "a: [\n"])
def test_settings_written_by_hand_that_lack_the_mark_are_told(folder, capsys, content):
    (folder / "m").mkdir()
    (folder / "m/m.yaml").write_text(content)
    assert main(["one.csv", "--out=m", *COLUMNS, "--order=file"]) == 0
    warning = "warning: m/m.yaml does not say that the times are an order alone; add the line"
    assert warning in capsys.readouterr().out
    (folder / "m/m.yaml").write_text("topk: [5]\ntime_unit: order\n")
    assert main(["one.csv", "--out=m", *COLUMNS, "--order=file", "--overwrite"]) == 0
    assert "warning" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--order=time"], "--order=time is not known; write --order=file, or --time=COLUMN"),
        (["--order=file", "--time=e"], "--order=file and --time name the times twice"),
        (["--order=file", "--time_unit=iso"], "--order=file and --time_unit name the times twice"),
        (["--time=e", "--time_unit=iso", "--time_format=%d/%m/%Y"], "leave one away"),
        ([], "--order=file, which takes the order of the rows for their times, or name the column"),
        (["--time=i"], "i is named as two of --user, --item and --time; write for example"),
    ],
)
def test_times_are_named_once(folder, capsys, flags, message):
    assert main(["one.csv", "--out=m", *COLUMNS, *flags]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_duplicates_cannot_be_told_by_an_order(folder, capsys):
    (folder / "one.csv").write_text("u,i\na,x\na,x\n")
    assert main(["one.csv", "--out=m", *COLUMNS, "--order=file", "--drop_duplicates"]) == 0
    assert "duplicates: none can be told" in capsys.readouterr().out
    assert len(rows(folder)) == 6
