import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion import known_ids
from recbole_opal.conversion.known_ids import KnownIds

# Ids come out of UTF-8, so without surrogates, and one with NUL is refused before it comes here.
IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)


@given(st.lists(st.lists(IDS)), st.lists(IDS), st.booleans())
def test_it_is_a_set(chunks, asked, merges_often):
    rows = known_ids._MERGED_ROWS
    known_ids._MERGED_ROWS = 0 if merges_often else rows
    try:
        ids, expected = KnownIds(), set()
        for chunk in chunks:
            ids.add(pd.Series(chunk, dtype=object))
            expected |= set(chunk)
        assert len(ids) == len(expected)
        found = ids.holds(pd.Series(asked, dtype=object))
        assert found.tolist() == [one in expected for one in asked]
    finally:
        known_ids._MERGED_ROWS = rows
