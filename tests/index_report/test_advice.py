from recbole_opal.index_report.advice import advice, fastest
from recbole_opal.index_report.measuring import Measured

EXACT = Measured("torch", {}, 1.0, 10.0, 0.0, 256.0)
QUICK = Measured("ivf-flat", {"nprobe": 2}, 0.90, 0.1, 1.0, 268.0)
GOOD = Measured("hnsw", {"ef_search": 64}, 0.96, 0.5, 9.0, 400.0)
SLOW = Measured("sq8", {"refine": 1}, 0.99, 8.0, 0.1, 64.0)


def test_the_fastest_with_enough_recall_is_named_with_its_flags():
    assert fastest([QUICK, GOOD, SLOW]) is GOOD
    assert fastest([QUICK]) is None
    said = advice(EXACT, [QUICK, GOOD, SLOW], 50, 10**6)
    assert "hnsw ef_search=64 is the fastest search with a recall@50 of at least 0.95" in said
    assert "20.0 times as fast" in said
    assert said.endswith("""--retrieval=hnsw --retrieval_args="{'ef_search': 64}\"""")


def test_where_nothing_is_gained_the_exact_search_stays():
    assert advice(EXACT, [SLOW], 50, 1682).startswith("Keep the exact search, --retrieval=torch")
    assert "ivf-flat nprobe=2 comes closest with 0.9000" in advice(EXACT, [QUICK], 50, 10**6)
    assert "No other search fits 9 items" in advice(EXACT, [], 5, 9)
