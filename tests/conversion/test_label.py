import operator

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion.label import Comparison, parse_label, positives
from recbole_opal.errors import OpalError, SettingsError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("long_view==1", [("long_view", "==", 1.0)]),
        (" a >= -1.5e3 and b!=x ", [("a", ">=", -1500.0), ("b", "!=", "x")]),
        ("a<.5 and a>0 and a!=3.", [("a", "<", 0.5), ("a", ">", 0.0), ("a", "!=", 3.0)]),
        ("`play time`<=7", [("play time", "<=", 7.0)]),
        ("tab=='1'", [("tab", "==", "1")]),
        ('tab=="and"', [("tab", "==", "and")]),
        ("liked==TRUE", [("liked", "==", "true")]),
        ("and==and and and==2", [("and", "==", "and"), ("and", "==", 2.0)]),
    ],
)
def test_conditions_are_read(text, expected):
    assert parse_label(text) == tuple(Comparison(*one) for one in expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a=1",
        "a==",
        "==1",
        "a==1 or b==2",
        "a==1 and",
        "a==1 b==2",
        "a==1,b==2",
        "a<x",
        "a<'1'",
        "'a'==1",
        "a==`b`",
        "a==1==2",
        "not a==1",
        "a=='1",
        "__import__('os')",
        "a==1 and and b==2",
    ],
)
def test_everything_else_is_refused_with_an_example(text):
    with pytest.raises(SettingsError, match=r"write for example --label='long_view==1"):
        parse_label(text)


@given(st.text(max_size=30))
def test_no_text_raises_anything_else(text):
    try:
        comparisons = parse_label(text)
    except OpalError:
        return
    assert comparisons


def apply(text, **columns):
    holds, unknown = positives(pd.DataFrame(columns, dtype=object), parse_label(text))
    return holds.tolist(), unknown.tolist()


def test_numbers_are_compared_as_numbers():
    assert apply("a==1", a=["1", "1.0", "1e0", "2", "-1"])[0] == [True, True, True, False, False]
    assert apply("a>9", a=["10", "9", " 11 "])[0] == [True, False, True]


def test_texts_are_compared_letter_by_letter():
    assert apply("a=='1'", a=["1", "1.0"])[0] == [True, False]
    assert apply("a==true", a=["True", "TRUE", "1", "false"])[0] == [True, True, False, False]
    assert apply("a!=x", a=["x", "X", ""])[0] == [False, True, True]


def test_what_is_no_number_is_not_positive_whatever_the_operator():
    holds, unknown = apply("a!=1", a=["", "x", "2", "nan"])
    assert holds == [False, False, True, False]
    assert unknown == [True, True, False, True]


OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1),
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(sorted(OPERATORS)), st.integers(-3, 3)),
        min_size=1,
        max_size=4,
    ),
)
def test_conditions_agree_with_python(rows, parts):
    text = " and ".join(f"{column}{sign}{value}" for column, sign, value in parts)
    expected = [
        all(OPERATORS[sign](row["ab".index(column)], value) for column, sign, value in parts)
        for row in rows
    ]
    first, second = ([str(row[place]) for row in rows] for place in (0, 1))
    assert apply(text, a=first, b=second)[0] == expected
