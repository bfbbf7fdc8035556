import shlex

import pytest

from recbole_opal.conversion.convert_command import main as convert
from recbole_opal.data.atomic_files import text_lines
from recbole_opal.description.describe_command import main

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


def cells(output):
    """Return the cells of all tables, by the first one of their row."""
    table = {}
    for line in output.splitlines():
        row = [cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]]
        table |= {row[0]: row[1:]} if row else {}
    return table


def shown(capsys):
    return cells(capsys.readouterr().out)


@pytest.mark.parametrize("rows", [2, 1000])
def test_a_small_data_set_by_hand(folder, capsys, monkeypatch, rows):
    monkeypatch.setattr(text_lines, "_FIRST", 24 * rows)
    monkeypatch.setattr(text_lines, "_NEXT", 24 * rows)
    assert main(["mine"]) == 0
    table = shown(capsys)
    expected = {
        "interactions": ["5"],
        "users": ["2"],
        "with fewer than 3 interactions": ["1 (50.0%)"],
        "items": ["3"],
        "density": ["66.6667%"],
        "repeats (user and item met before)": ["1 (20.0%)"],
        "at the same time too (exact duplicates)": ["0 (0.0%)"],
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
        file.write("\tx\t1\na\t\t1\na\tx\t\na\tx\tinf\na\tx\tnan\na\tx\t-5\na\tx\t1e300\n")
    assert main(["mine"]) == 0
    output = capsys.readouterr().out
    assert "training refuses dataset/mine/mine.inter for the rows that were left out" in output
    table = cells(output)
    assert table["interactions"] == ["5"]
    assert table["left out: negative time"] == ["1"]
    assert table["left out: time too large to be exact"] == ["1"]
    assert table["left out: no finite time"] == ["3"]
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
        (["mine", "--USER_ID_FIELD=item_id"], "item_id is named as two of users, items and times"),
        (["x" * 300], "is too long; shorten it."),
        (["mine", "--memory=lots"], "--memory=lots is no size; write for example 2GB"),
        (["mine", "--data_path=~no-such-user"], "the home folder of nobody"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, argv, message):
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_times_in_words_are_told_with_the_command_that_reads_them(folder, capsys):
    (folder / "mine.inter").write_text(HEADER + "a\tx\t2021-01-01\na\ty\t2021-01-02\n")
    assert main(["mine"]) == 2
    error = capsys.readouterr().err
    assert "no finite time: 2 rows" in error
    words = shlex.split(error.split("`")[1])
    assert words[:4] == ["python", "-m", "recbole_opal", "convert"]
    assert convert(words[4:]) == 0
    assert main(["mine-converted"]) == 0
    assert shown(capsys)["interactions"] == ["2"]


def test_exact_duplicates_are_counted_and_density_is_of_distinct_pairs(folder, capsys):
    rows = ["a\tx\t1600000000", "a\tx\t1600000000", "a\tx\t1600000001", "a\tx\t1600000001"]
    (folder / "mine.inter").write_text(HEADER + "\n".join(rows) + "\n")
    assert main(["mine"]) == 0
    table = shown(capsys)
    assert table["density"] == ["100.0000%"]
    assert table["repeats (user and item met before)"] == ["3 (75.0%)"]
    assert table["at the same time too (exact duplicates)"] == ["2 (50.0%)"]


@pytest.mark.parametrize("order", [range(5), [0.0, 0.25, 0.5, 0.75, 1.0], range(2001, 2006)])
def test_an_order_is_no_date(folder, capsys, order):
    rows = "".join(f"a\tx\t{time}\n" for time in order)
    (folder / "mine.inter").write_text(HEADER + rows)
    assert main(["mine"]) == 0
    output = capsys.readouterr().out
    assert cells(output)["last"] == [f"{order[-1]:g}"]
    assert "times: timestamp holds numbers of no known unit" in output


def test_malformed_files_are_told(folder, capsys):
    for content, message in (
        (HEADER, "holds no interaction"),
        (HEADER + "a\tx\t1\tmore\n", "line 2 has 4 fields where the header has 3"),
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


def test_words_for_nothing_are_ids_as_in_training(folder, capsys):
    with (folder / "mine.inter").open("a") as file:
        file.write("NA\tnull\t1650000000\n")
    (folder / "mine.item").write_text(
        "item_id:token\ttag:token\tsize:float\nx\tNA\tnan\nnull\t\t2\n"
    )
    assert main(["mine"]) == 0
    table = shown(capsys)
    assert (table["interactions"], table["users"], table["items"]) == (["6"], ["3"], ["4"])
    assert table["tag:token"] == table["size:float"] == ["1 (25.0%)", "1"]


def test_the_settings_beside_the_data_count_and_flags_win(folder, capsys):
    header = "uid:token;iid:token;at:float\n"
    text = (header + "a;x;1\na;é;2\n").encode("latin-1")
    (folder / "mine.inter").write_bytes(text)
    (folder / "mine.item").unlink()
    (folder / "mine.yaml").write_text(
        "USER_ID_FIELD: uid\nITEM_ID_FIELD: nothing\nTIME_FIELD: at\nencoding: latin-1\n"
        "field_separator: ';'\ntopk: [5]\n"
    )
    assert main(["mine"]) == 2
    assert "nothing" in capsys.readouterr().err
    assert main(["mine", "--ITEM_ID_FIELD=iid"]) == 0
    assert shown(capsys)["items"] == ["2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [("USER_ID_FIELD: 5\n", "the column 5 is missing"), ("a: [\n", "mine.yaml, line 2")],
)
def test_malformed_settings_beside_the_data(folder, capsys, content, message):
    (folder / "mine.yaml").write_text(content)
    assert main(["mine"]) == 2
    assert message in capsys.readouterr().err


def test_square_brackets_are_letters(folder, capsys):
    other = folder.parent / "[bold]q"
    other.mkdir()
    (other / "[bold]q.inter").write_text(HEADER + ROWS[0] + "\n")
    (other / "[bold]q.item").write_text("item_id:token\tlen[/s]:float\nx\t2\n")
    assert main(["[bold]q"]) == 0
    output = capsys.readouterr().out
    assert "[bold]q" in output
    assert cells(output)["len[/s]:float"] == ["1 (100.0%)", "1"]


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_items_with_several_rows_are_items_still(folder, capsys, monkeypatch, rows):
    monkeypatch.setattr(text_lines, "_FIRST", 24 * rows)
    monkeypatch.setattr(text_lines, "_NEXT", 24 * rows)
    table = "item_id:token\tkind:token\ttag:token_seq\nx\t\tA\nx\tp\tA B\nx\tq\tC\ny\tp\t\n"
    (folder / "mine.item").write_text(table + "other\tr\tD\nother\tr\tE\n")
    assert main(["mine"]) == 0
    output = capsys.readouterr().out
    assert cells(output)["kind:token"] == ["2 (66.7%)", "1"]
    assert cells(output)["tag:token_seq"] == ["1 (33.3%)", "3"]
    assert "mine.item: 2 rows repeat an item" in output


@pytest.mark.parametrize(
    ("time", "fix"),
    [
        ("-5", "write seconds since 1970, or add a constant to all times."),
        ("132594268290000000", "write seconds."),
        ("2021-01-01", "or convert the file with `"),
    ],
)
def test_what_convert_would_refuse_too_is_not_sent_there(folder, capsys, time, fix):
    (folder / "mine.inter").write_text(HEADER + f"a\tx\t{time}\n")
    assert main(["mine"]) == 2
    error = capsys.readouterr().err
    assert fix in error
    assert ("convert the file" in error) == (time == "2021-01-01")


@pytest.mark.parametrize("ends", ["\r\n", "\n\n", "mixed"])
def test_line_ends_change_nothing(folder, capsys, ends):
    lines = [HEADER.strip(), *ROWS]
    if ends == "mixed":
        text = "\n".join(lines[:3]) + "\r\n" + "\n".join(lines[3:])  # and none behind the last
    else:
        text = "".join(line + ends for line in lines)
    assert main(["mine"]) == 0
    expected = shown(capsys)
    (folder / "mine.inter").write_bytes(text.encode())
    assert main(["mine"]) == 0
    assert shown(capsys) == expected


def test_a_line_of_tabs_is_a_row_without_a_user(folder, capsys):
    with (folder / "mine.inter").open("a") as file:
        file.write("\t\t\n")
    assert main(["mine"]) == 0
    assert shown(capsys)["left out: no user"] == ["1"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_is_no_row_is_told_where_others_are_counted(folder, capsys, end):
    with (folder / "mine.inter").open("a", newline="") as file:
        file.write(f"\tx\t1{end}a\tx{end}")
    assert main(["mine"]) == 2
    assert "line 8 has 2 fields where the header has 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x\tmany\tA\t1", "line 3: size is 'many', which is no number"),
        ("x\t1e39\tA\t1", "line 3: size is infinite"),
        ("x\t1\tA [PAD]\t1", "line 3: tag holds [PAD]"),
        (f"x\t1\tA {'b' * 1001}\t1", "line 3: tag holds a part of more than 1000 characters"),
        ("x\t1\tA\t1 two", "line 3: parts holds a part that is no finite number"),
        ("\t1\tA\t1", "line 3: item_id is empty"),
        ("x\t1\tA", "line 3 has 3 fields where the header has 4"),
    ],
)
def test_items_are_read_as_strictly_as_in_training(folder, capsys, row, fault):
    head = "item_id:token\tsize:float\ttag:token_seq\tparts:float_seq\ny\t\t\t\n"
    (folder / "mine.item").write_text(head + row + "\n")
    assert main(["mine"]) == 2
    assert f"mine.item, {fault}" in capsys.readouterr().err


def test_nanoseconds_are_told_in_seconds_and_tie_by_microseconds(folder, capsys):
    times = [1_650_000_000_123_456_700, 1_650_000_000_123_456_900, 1_650_000_001_000_000_000]
    rows = "".join(f"a\t{item}\t{time}\n" for item, time in zip("xyz", times, strict=True))
    (folder / "mine.inter").write_text(HEADER + rows)
    assert main(["mine"]) == 0
    output = capsys.readouterr().out
    assert cells(output)["first"] == ["2022-04-15 05:20:00 UTC"]
    assert cells(output)["ties in time within a user"] == ["2 (66.7%)"]
    assert "holds nanoseconds since 1970: read as seconds" in output
