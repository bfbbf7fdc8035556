from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.description.figures import measure_log
from tests.conversion.reading import lasting_engine


def measured(rows):
    """Measure rows (user, item, time)."""
    values = ", ".join(f"('{user}', '{item}', {time!r}::DOUBLE)" for user, item, time in rows)
    return measure_log(lasting_engine(), f"(VALUES {values}) AS log (u, i, t)")


def test_a_log_counted_by_hand():
    figures = measured([(0, 0, 10), (0, 1, 10), (0, 0, 20), (1, 0, 10), (1, 2, 30)])
    assert (figures.rows, figures.users, figures.items) == (5, 2, 3)
    assert figures.density == pytest.approx(4 / 6)  # distinct pairs
    assert figures.history.quantiles[0.5] == 2
    assert figures.history.mean == 2.5
    assert figures.popularity.quantiles[1.0] == 3
    assert figures.top_share == pytest.approx(3 / 5)
    # Counts 1, 1, 3: the sum of all differences is 8, of 2 n sum = 30.
    assert figures.gini == pytest.approx(8 / 30)
    assert figures.short_histories == 1
    assert figures.repeats == 1
    assert (figures.first, figures.last) == (10, 30)
    assert (figures.ties, figures.tied_users) == (2, 1)


ROWS = st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 5))


@given(st.lists(ROWS, min_size=1, max_size=60))
def test_it_agrees_with_loops(rows):
    figures = measured(rows)
    seen, repeats = set(), 0
    for user, item, _ in rows:
        repeats += (user, item) in seen
        seen.add((user, item))
    moments = Counter((user, time) for user, _, time in rows)
    tied = [row for row in rows if moments[row[0], row[2]] > 1]
    popularity = Counter(row[1] for row in rows)
    counts = list(popularity.values())
    differences = sum(abs(one - other) for one in counts for other in counts)
    lengths = sorted(Counter(row[0] for row in rows).values())
    assert figures.repeats == repeats
    assert figures.duplicates == len(rows) - len(set(rows))
    assert figures.density <= 1
    assert (figures.ties, figures.tied_users) == (len(tied), len({row[0] for row in tied}))
    assert figures.gini == pytest.approx(differences / (2 * len(counts) * len(rows)))
    assert figures.short_histories == sum(length < 3 for length in lengths)
    for share, value in figures.history.quantiles.items():
        assert sum(length <= value for length in lengths) >= share * len(lengths) - 1e-9
        assert value in lengths
