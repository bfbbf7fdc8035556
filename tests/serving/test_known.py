"""Histories by internal ids, against a loop over them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.item_ids import ItemIds
from recbole_opal.serving.known import known_histories

IDS = ItemIds(["[PAD]", "a", "b", "c"])
NUMBERS = {"a": 1, "b": 2, "c": 3}


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "x", "[PAD]"]), max_size=8), max_size=5),
    st.integers(1, 6),
)
def test_histories_are_those_of_a_loop(items, longest):
    times = [[float(place) for place in range(len(each))] for each in items]
    raw = RawHistories(range(len(items)), items, times)
    known = known_histories(raw, IDS, longest, with_times=True)
    kept = [
        [(NUMBERS[item], when) for item, when in zip(*pair, strict=True) if item in NUMBERS]
        for pair in zip(items, times, strict=True)
    ]
    newest = [pair for each in kept for pair in each[-longest:]]
    assert known.histories.items.tolist() == [number for number, _ in newest]
    assert known.histories.times.tolist() == [when for _, when in newest]
    assert known.histories.lengths.tolist() == [min(len(each), longest) for each in kept]
    seen = sorted({(row, number) for row, each in enumerate(kept) for number, _ in each})
    assert list(zip(*(part.tolist() for part in known.seen), strict=True)) == seen
    strange = Counter(item for each in items for item in each if item not in NUMBERS)
    assert known.unknown == strange
