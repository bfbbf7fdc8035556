from recbole_opal.index_report.findings import Findings
from recbole_opal.index_report.measuring import Measured

EXACT = Measured("torch", {}, 1.0, 10.0, 0.0, 256.0)
QUICK = Measured("ivf-flat", {"nprobe": 2}, 0.90, 0.1, 1.0, 268.0)
GOOD = Measured("hnsw", {"ef_search": 64}, 0.96, 0.5, 9.0, 400.0)
SLOW = Measured("sq8", {"refine": 1}, 0.99, 8.0, 0.1, 64.0)


def findings(found, k=50, items=10**6):
    return Findings("", EXACT, found, items, 64, k)


def test_the_fastest_with_enough_recall_is_named_with_its_flags():
    assert findings([QUICK, GOOD, SLOW]).fastest is GOOD
    assert findings([QUICK]).fastest is None
    said = findings([QUICK, GOOD, SLOW]).advice
    assert "hnsw ef_search=64 is the fastest search with a recall@50 of at least 0.95" in said
    assert "20.0 times as fast" in said
    assert said.endswith("""--retrieval=hnsw --retrieval_args="{'ef_search': 64}\"""")


def test_where_nothing_is_gained_the_exact_search_stays():
    assert findings([SLOW]).advice.startswith("Keep the exact search, --retrieval=torch")
    assert "ivf-flat nprobe=2 comes closest with 0.9000" in findings([QUICK]).advice
    assert "No other search fits 9 items" in findings([], 5, 9).advice
