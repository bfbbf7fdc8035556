import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import SettingsError
from recbole_opal.settings.values import SettingsLoader, load_settings_file, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0.1", 0.1),
        ("1e-3", 0.001),
        ("1E5", 100000.0),
        ("True", True),
        ("false", False),
        ("None", None),
        ("null", None),
        ("~", None),
        ("", ""),
        ("Recall@50", "Recall@50"),
        ("soft,hard", "soft,hard"),
        ("[10,20]", [10, 20]),
        ("(10,20)", (10, 20)),
        ("[soft, hard]", ["soft", "hard"]),
        ("[5,inf)", "[5,inf)"),
        ("{'split': {'LS': 'valid_and_test'}}", {"split": {"LS": "valid_and_test"}}),
        ("{split: {RS: [8, 1, 1]}}", {"split": {"RS": [8, 1, 1]}}),
        ("'0'", "0"),
        ("b'x'", "b'x'"),
        ("1j", "1j"),
        ("...", "..."),
        ("print.x", "print.x"),
        ("[" * 500, "[" * 500),
        ("[2001-99-99]", "[2001-99-99]"),
        ("[2001-01-01]", "[2001-01-01]"),
        ("[a, &x [*x]]", "[a, &x [*x]]"),
    ],
)
def test_values_are_read_as_recbole_users_type_them(text, value):
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_nothing_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for attack in (
        "__import__('os').system('touch canary')",
        "[__import__('os').system('touch canary')]",
        "{'a': open('canary', 'w')}",
        "!!python/object/apply:os.system ['touch canary']",
        "[!!python/object/apply:os.system ['touch canary']]",
    ):
        assert parse_value(attack) in (attack, [attack[1:-1]])
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=30))
def test_any_text_is_read_without_an_exception(text):
    parse_value(text)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    )
)
def test_python_literals_come_back(value):
    assert parse_value(repr(value)) == value


@pytest.mark.parametrize("text", ["1e-3", "1E+3", "2.e4", ".5e1", "-1e-12"])
def test_yaml_numbers_may_have_an_exponent_without_a_dot(text):
    value = yaml.load(f"a: {text}", Loader=SettingsLoader)["a"]  # noqa: S506
    assert isinstance(value, float)
    assert math.isclose(value, float(text))


def test_the_resolver_is_ours_alone():
    assert yaml.safe_load("1e-3") == "1e-3"


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_settings_file_is_a_mapping(tmp_path):
    path = write(tmp_path / "a.yaml", "epochs: 3\nlearning_rate: 1e-3\nstages: [soft]\n")
    expected = {"epochs": 3, "learning_rate": 0.001, "stages": ["soft"]}
    assert load_settings_file(path) == expected
    assert load_settings_file(write(tmp_path / "empty.yaml", "# nothing\n")) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "line 3"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key a is written twice"),
        ("- a\n- b\n", "key: value"),
        ("just text", "key: value"),
        ("1: 2\n", "key: value"),
        ("a: !!python/object/apply:os.system ['touch canary']\n", "line 1"),
        ("a: \x07\n", "numbers, texts"),
        ("a: 2001-99-99\n", "numbers, texts"),
        ("a: 2001-01-01\n", "numbers, texts"),
        ("a: &x [*x]\n", "numbers, texts"),
        ("a: " + "[" * 5000, "numbers, texts"),
    ],
)
def test_a_malformed_file_is_told_with_its_line(tmp_path, monkeypatch, text, told):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "bad.yaml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings_file(path)
    assert told in str(caught.value)
    assert "bad.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "canary").exists()


def test_a_missing_or_binary_file_is_told(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        load_settings_file(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="cannot read"):
        load_settings_file(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings_file(tmp_path / "binary.yaml")
