import pytest

from recbole_opal.conversion.columns import Column, parse_columns
from recbole_opal.errors import SettingsError


def test_columns_are_read_with_their_types():
    assert parse_columns("tag:token_seq, watched [ms]:float", "fields") == (
        Column("tag", "token_seq"),
        Column("watched [ms]", "float"),
    )
    assert Column("tag", "token_seq").header == "tag:token_seq"


@pytest.mark.parametrize("text", ["tag", "tag:int", ":token", "", "tag:token,", "a:token,a:float"])
def test_columns_without_a_type_are_refused(text):
    with pytest.raises(SettingsError, match="^--fields"):
        parse_columns(text, "fields")


@pytest.mark.parametrize("name", ["user_id", "item_id", "timestamp"])
def test_names_that_convert_itself_writes_are_refused(name):
    with pytest.raises(SettingsError, match=f"^--keep: convert itself writes a column {name}"):
        parse_columns(f"tab:token,{name}:token", "keep")


@pytest.mark.parametrize(
    "sign", [":", "\t", "\n", "\x0b", "\x85", "\xa0", "\u2028", "\0", "\ufeff"]
)
def test_names_that_cannot_stand_in_a_header_are_refused(sign):
    with pytest.raises(SettingsError, match="cannot be the name of a field") as caught:
        parse_columns(f"a{sign}b:token", "keep")
    assert "\n" not in str(caught.value)
