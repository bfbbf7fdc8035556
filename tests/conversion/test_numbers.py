import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.sql import opened_engine


@pytest.fixture(scope="module", autouse=True)
def engine():
    """Let all tests ask one engine."""
    with opened_engine() as one:
        ENGINES.append(one)
        yield
        ENGINES.pop()


ENGINES = []


def to_numbers(texts):
    ENGINES[0].register("given", pd.DataFrame({"t": pd.array(texts, dtype="string")}))
    found = ENGINES[0].rows("SELECT number(t) FROM given")
    return np.array([math.nan if one is None else one for (one,) in found])


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE), st.lists(st.sampled_from(["", "x", "nan", "inf", "1_0"])))
def test_every_bit_comes_back_and_other_texts_are_nan(values, others):
    read = to_numbers([*map(repr, values), *others])
    assert read[: len(values)].tolist() == values
    assert np.isnan(read[len(values) :]).all()


@given(st.lists(st.text(max_size=6) | st.from_regex(r"[-+0-9.eE_ ]{0,8}", fullmatch=True)))
def test_a_text_is_read_alike_in_any_company(texts):
    together = to_numbers(texts)
    assert len(together) == len(texts)
    for text, value in zip(texts, together.tolist(), strict=True):
        (alone,) = to_numbers([text]).tolist()
        assert alone == value or math.isnan(alone) and math.isnan(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 1 ", 1.0),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("1E3", 1000.0),
        ("1e400", math.nan),
        ("1e-400", 0.0),
        ("1e2147483648", math.nan),  # pandas dies
        ("1e4294967296", math.nan),  # pandas: 1.0
        ("1_0", math.nan),
        ("\u0661", math.nan),
        ("0x10", math.nan),
        ("Infinity", math.nan),
        (".", math.nan),
    ],
)
@pytest.mark.parametrize("other", ["1", "x", "\u00e9"])
def test_what_is_a_number(text, value, other):
    assert np.array_equal(to_numbers([text, other])[:1], [value], equal_nan=True)
