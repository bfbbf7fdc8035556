"""The peak memory of a search stays far below one score matrix, in a process of its own."""

import subprocess
import sys

import pytest

from recbole_opal.retrieval.exact import search_memory_bytes

_SCRIPT = """
import os, pathlib, sys, threading, torch
from recbole_opal.retrieval import make_retriever

def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def watch():
    global highest
    while not done.wait(0.001):
        highest = max(highest, resident())

torch.set_num_threads(1)
users, interests, items, width = 256, 8, 200_000, 16
table = torch.randn(items, width)
queries = torch.randn(users, interests, width)
make_retriever(sys.argv[1], table[:5000]).top_k(queries, 50)  # libraries take their buffers
retriever = make_retriever(sys.argv[1], table)
rest = highest = resident()
done = threading.Event()
watcher = threading.Thread(target=watch)
watcher.start()
retriever.top_k(queries, 50, (torch.arange(users), torch.arange(1, users + 1)))
done.set()
watcher.join()
print(highest - rest)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("backend", "limit"), [("torch", search_memory_bytes(256, 50, 16)), ("faiss", 160 * 2**20)]
)
def test_search_needs_less_than_one_score_matrix(backend: str, limit: int) -> None:
    """One (B, N) float32 matrix would take 195 MiB here, (B, K, N) 1.5 GiB."""
    command = [sys.executable, "-c", _SCRIPT, backend]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < limit < 256 * 200_000 * 4
