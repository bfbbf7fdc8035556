import operator

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion.label import parse_label
from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.sql import identifier, opened_engine

WORDS = ["a", "x", "1", "==", "<", "and", "or", "not", "in", "(", ")", ",", "'x y'"]
LEAVES = st.tuples(st.sampled_from("ab"), st.integers(0, 2))
JOINTS = ["and", "or", "and not"]


def written(tree):
    """Return a nested condition as text, and as a function of both columns."""
    if len(tree) == 2:
        column, value = tree
        return f"{column}=={value}", lambda a, b: {"a": a, "b": b}[column] == value
    (left, holds_left), (right, holds_right) = written(tree[0]), written(tree[2])
    if tree[1] == "or":
        return f"({left} or {right})", lambda a, b: holds_left(a, b) or holds_right(a, b)
    if tree[1] == "and":
        return f"({left} and {right})", lambda a, b: holds_left(a, b) and holds_right(a, b)
    text = f"({left} and {right} and a not in (1, 2))"
    return text, lambda a, b: holds_left(a, b) and holds_right(a, b) and a not in (1, 2)


@pytest.mark.parametrize(
    ("text", "columns", "numbers", "right", "wrong"),
    [
        ("long_view==1", "long_view", "long_view", ["1"], ["2"]),
        (" a >= -1.5e3 and b!=x ", "a,b", "a", ["-1500", "y"], ["-1501", "y"]),
        ("a<.5 and a>0 and a!=3.", "a", "a", [".25"], ["3"]),
        ("`play time`<=7", "play time", "play time", ["7"], ["7.01"]),
        ("tab=='1'", "tab", "", ["1"], ["1.0"]),
        ('tab=="and"', "tab", "", ["and"], ["or"]),
        ("liked==TRUE", "liked", "", ["True"], ["1"]),
        ("and==and or and==2", "and", "and", ["2"], ["3"]),
    ],
)
def test_conditions_are_read(text, columns, numbers, right, wrong):
    label = parse_label(text)
    assert label.columns == tuple(columns.split(","))
    assert label.unknown == f"no number in {' or '.join(filter(None, numbers.split(',')))}"
    for cells, held in ((right, True), (wrong, False)):
        given = {name: [cell] for name, cell in zip(label.columns, cells, strict=True)}
        assert apply(text, **given)[0] == [held], cells


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a=1",
        "a==",
        "==1",
        "a==1 and",
        "a==1 or",
        "or a==1",
        "a==1 or or b==2",
        "a in",
        "a in x",
        "a in ()",
        "a in (x",
        "a in (x,)",
        "a in (x y)",
        "a in (1,x)",
        "a in (b==1)",
        "a not x",
        "a not in x",
        "(a==1",
        "a==1)",
        "()",
        "(a)==1",
        "a==f(x)",
        "(" * 40 + "a==1" + ")" * 40,
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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a==1 xor b==2", "'xor' stands where only 'and' or 'or' can, at character 6"),
        ("a==x,y", "',' stands where only 'and' or 'or' can (put a text that holds brackets or "),
        ("a in cart", "'cart' stands where the '(' of a list must, at character 6"),
        ("a in (1, x)", "'(' opens a list of numbers and texts: put quotes around all of them"),
        ("(a==1 or b==2", "the end stands where the ')' of character 1 must"),
        ("a is x", "'is' stands where ==, !=, >=, <=, >, <, in or not in must, behind 'a'"),
        ("a==1 or", "the end stands where a column must"),
        ("a = 1", "'= 1' cannot be read, at character 3"),
    ],
)
def test_the_place_and_the_fix_are_told(text, reason):
    with pytest.raises(SettingsError) as told:
        parse_label(text)
    assert reason in str(told.value)


@given(st.text(max_size=30) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_no_text_raises_anything_else(text):
    try:
        comparisons = parse_label(text)
    except OpalError:
        return
    assert comparisons


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("event==cart or event==purchase", "cp"),
        ("event in (cart,purchase)", "cp"),
        ("event IN ('cart', \"purchase\")", "cp"),
        ("event not in (cart, purchase)", "vsb"),
        ("event=='add to cart, fast'", "s"),
        ("event in ('add to cart, fast', 'f(x)')", "sb"),
        ("event==view and rating>3 or event==cart", "c"),
        ("event==cart or event==view and rating>3", "c"),
        ("(event==cart or event==view) and rating<3", "v"),
        ("rating in (2, 5.0)", "vp"),
        ("rating not in (2, 5.0)", "cs"),
        ("((event==view)) or (rating==5)", "vp"),
    ],
)
def test_several_behaviours_can_be_positive(text, kept):
    rows = [
        ("v", "view", "2"),
        ("c", "cart", "3.0"),
        ("p", "purchase", "5"),
        ("s", "add to cart, fast", "4"),
        ("b", "f(x)", ""),
    ]
    names, events, ratings = zip(*rows, strict=True)
    holds, _ = apply(text, event=list(events), rating=list(ratings))
    assert "".join(name for name, held in zip(names, holds, strict=True) if held) == kept


def test_a_cell_that_is_no_number_counts_only_where_the_answer_hangs_on_it():
    holds, unknown = apply("a>3 or b==x", a=["", "", "5", "1"], b=["x", "y", "y", "y"])
    assert holds == [True, False, True, False]
    assert unknown == [False, True, False, False]


def apply(text, **columns):
    with opened_engine() as engine:
        engine.register("given", pd.DataFrame(columns, dtype="string"))
        found = engine.rows(f"SELECT {parse_label(text, identifier).condition} FROM given")
    return [held is True for (held,) in found], [held is None for (held,) in found]


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


@given(st.recursive(LEAVES, lambda inner: st.tuples(inner, st.sampled_from(JOINTS), inner)))
def test_nested_conditions_agree_with_python(tree):
    text, expected = written(tree)
    rows = [(a, b) for a in range(3) for b in range(3)]
    first, second = ([str(row[place]) for row in rows] for place in (0, 1))
    assert apply(text, a=first, b=second)[0] == [expected(a, b) for a, b in rows]


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


def test_a_long_condition_is_shown_by_its_beginning():
    with pytest.raises(SettingsError) as told:
        parse_label("a==1 or\n " * 1000)
    assert len(str(told.value)) < 500
    assert "\n" not in str(told.value)
