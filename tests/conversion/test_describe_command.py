import pytest

from recbole_opal.conversion import text_table
from recbole_opal.conversion.describe_command import main

HEADER = "user_id:token\titem_id:token\ttimestamp:float\n"
ROWS = [
    "a\tx\t1650000000",
    "a\ty\t1650000000",
    "a\tx\t1650086400",
    "b\tx\t1650000000",
    'b\t"z\t7e8',
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    mine = tmp_path / "dataset" / "mine"
    mine.mkdir(parents=True)
    (mine / "mine.inter").write_text(HEADER + "\n".join(ROWS) + "\n")
    (mine / "mine.item").write_text("item_id:token\ttag:token_seq\nx\t1 2\ny\t2\nother\t9\nz\t\n")
    return mine


def shown(capsys):
    """Return the cells of all tables, by the first one of their row."""
    table = {}
    for line in capsys.readouterr().out.splitlines():
        cells = [cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]]
        table |= {cells[0]: cells[1:]} if cells else {}
    return table


@pytest.mark.parametrize("rows", [2, 1000])
def test_a_small_data_set_by_hand(folder, capsys, monkeypatch, rows):
    monkeypatch.setattr(text_table, "_CHUNK_ROWS", rows)
    assert main(["mine"]) == 0
    table = shown(capsys)
    expected = {
        "interactions": ["5"],
        "users": ["2"],
        "with fewer than 3 interactions": ["1 (50.0%)"],
        "items": ["3"],
        "density": ["83.3333%"],
        "repeats (user and item met before)": ["1 (20.0%)"],
        "interactions with the top 10% of items": ["60.0%"],
        "first": ["1992-03-07 20:26:40 UTC"],
        "last": ["2022-04-16 05:20:00 UTC"],
        "ties in time within a user": ["2 (40.0%)"],
        "users who have some": ["1 (50.0%)"],
        "a user": ["2", "2", "2", "2", "3", "3", "3", "3", "2.5"],
        "tag:token_seq": ["2 (66.7%)", "2"],
    }
    assert {name: table[name] for name in expected} == expected
    assert "left out: no user" not in table


def test_rows_that_cannot_be_counted_are_told(folder, capsys):
    with (folder / "mine.inter").open("a") as file:
        file.write("\tx\t1\na\t\t1\na\tx\t\na\tx\tinf\n")
    assert main(["mine"]) == 0
    table = shown(capsys)
    assert table["interactions"] == ["5"]
    assert table["left out: no finite time"] == ["2"]
    assert table["left out: no user"] == table["left out: no item"] == ["1"]


@pytest.mark.parametrize(
    "argv",
    [["mine", "--data_path=dataset"], ["dataset/mine"], ["--dataset=mine"], ["dataset/mine/"]],
)
def test_a_data_set_is_named_as_elsewhere(folder, capsys, argv):
    assert main(argv) == 0
    assert shown(capsys)["interactions"] == ["5"]


def test_the_bundled_data_set_needs_no_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["ml-100k"]) == 0
    assert shown(capsys)["interactions"] == ["100,000"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "no data set is named"),
        (["mine", "other"], "2 data sets are named"),
        (["min"], "did you mean --dataset=mine?"),
        (["mine", "--data_pth=x"], "did you mean --data_path?"),
        (["mine", "--TIME_FIELD=time"], "the column time is missing"),
        (["mine", "--USER_ID_FIELD=user"], "did you mean user_id?"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, argv, message):
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_malformed_files_are_told(folder, capsys):
    for content, message in (
        (HEADER, "holds no interaction"),
        (HEADER + "a\tx\t1\tmore\n", "line 2: 4 fields"),
        (HEADER + "a\tx\t\0\n", "line 2"),
        (HEADER.replace(":float", ""), "line 1"),
    ):
        (folder / "mine.inter").write_text(content)
        assert main(["mine"]) == 2
        assert message in capsys.readouterr().err


def test_other_encodings(tmp_path, capsys):
    text = "user_id:token\titem_id:token\ttimestamp:float\n\u7528\u6237\tb\t1\n"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.inter").write_bytes(text.encode("gb18030"))
    command = ["mine", f"--data_path={tmp_path}"]
    assert main(command) == 2
    assert "--encoding" in capsys.readouterr().err
    assert main([*command, "--encoding=gb18030"]) == 0
