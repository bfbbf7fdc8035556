from pathlib import Path

import pytest

from recbole_opal.data.atomic_files.header import Column, parse_header, read_header, require_columns
from recbole_opal.errors import DataError

PATH = Path("x.inter")


def test_names_and_kinds():
    line = "user_id:token\ttags:token_seq\ttime:float\tv:float_seq"
    assert parse_header(line, "\t", PATH) == [
        Column("user_id", "token"),
        Column("tags", "token_seq"),
        Column("time", "float"),
        Column("v", "float_seq"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "name:type"),
        ("user_id", "name:type"),
        (":token", "name:type"),
        ("a:token:b", "name:type"),
        ("a:token\t", "name:type"),
        ("a:tokens", "did you mean token?"),
        ("a:int", "write one of token"),
        ("a:", "write one of token"),
        ("a:token\tb:float\ta:float", "the column a stands twice"),
    ],
)
def test_malformed_headers(line, told):
    with pytest.raises(DataError) as caught:
        parse_header(line, "\t", PATH)
    assert told in str(caught.value)
    assert str(caught.value).startswith("x.inter, line 1")


def test_only_the_first_line_is_read(tmp_path):
    path = tmp_path / "x.inter"
    path.write_bytes(b"\xef\xbb\xbfa:token,b:float\r\n1\r\n")
    assert read_header(path, ",", "utf-8") == [Column("a", "token"), Column("b", "float")]
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"is empty; write a header such as user_id:token,item_id"):
        read_header(path, ",", "utf-8")


def test_required_columns():
    columns = [Column("user", "token"), Column("time", "token")]
    require_columns(columns, {"user": "token", "time": None}, PATH, "add it.")
    for wanted, told in [
        ({"item": None}, "item is missing among user, time; add it."),
        ({"users": None}, "did you mean user?"),
        ({"time": "float"}, "time:token is no number; write the column as time:float."),
        ({"time": "float_seq"}, "write the column as time:float_seq."),
    ]:
        with pytest.raises(DataError) as caught:
            require_columns(columns, wanted, PATH, "add it.")
        assert told in str(caught.value)
