"""Any number of histories in bounded memory."""

import subprocess
import sys

import pytest

from recbole_opal.serving.histories import RawHistories

MEASURE = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from conftest import make_trained
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.recommender import Recommender

def batches(count):
    for start in range(0, count, 1024):
        items = [[f"i{1 + (user + step) % 12}" for step in range(5)] for user in range(1024)]
        yield RawHistories(range(start, start + 1024), items)

def peak(count):
    users = sum(len(lists) for lists in recommender.stream(batches(count), k=5))
    assert users >= count
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

recommender = Recommender(make_trained())
first = peak(20_000)
print(peak(200_000) - first)
"""


def test_a_batch_is_read_when_its_lists_are_asked_for(recommender):
    read = []

    def batches():
        for number in range(5):
            read.append(number)
            yield RawHistories([number], [["i1"]])

    stream = recommender.stream(batches(), k=3)
    for number in range(5):
        assert next(stream).users == [number]
        assert len(read) <= number + 2


def test_few_users_at_a_time_where_lists_are_long(recommender):
    from recbole_opal.serving.item_ids import ItemIds
    from recbole_opal.serving.request import Request

    many = ItemIds(["[PAD]", *map(str, range(100_000))])
    assert Request.of(many, 50).rows_at_a_time(64, 1024) == 1024
    assert Request.of(many, 100_000).rows_at_a_time(64, 1024) == 10
    assert Request.of(many, 1000, per_interest=1).rows_at_a_time(64, 1024) == 65
    assert Request.of(many, 10**9).rows_at_a_time(64, 1024) == 10  # no longer than the catalogue


@pytest.mark.posix
def test_memory_does_not_grow_with_the_histories(request):
    here = request.path.parent
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(here)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 20  # MiB for 180 000 histories more
