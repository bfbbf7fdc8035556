"""Peak memory and time of the exact search over a million items, for both backends.

Run from the repository: `python benchmarks/retrieval_memory.py [--items 1000000]`. Each search
runs in a process of its own; the figures are how far its resident memory, read every millisecond,
rose above what it held when the items and the queries were in place. Linux only (`/proc`).
"""

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.retrieval import EXACT_KINDS, make_retriever
from recbole_opal.retrieval.exact import search_memory_bytes

MIB = 2**20


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--users", type=int, default=256)
    parser.add_argument("--interests", type=int, default=4)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ties", action="store_true", help="all items equal: the worst case")
    parser.add_argument("--backend", choices=EXACT_KINDS, help=argparse.SUPPRESS)
    return parser.parse_args()


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


class _Peak:
    """Watches the resident memory while its block runs; `rise` is in bytes."""

    def __enter__(self) -> "_Peak":
        self.rest = self.highest = _resident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.001):
            self.highest = max(self.highest, _resident())

    @property
    def rise(self) -> int:
        return self.highest - self.rest


def _measure(settings: argparse.Namespace) -> None:
    """Prints bytes at rest, of the index and of the search, and seconds of the search."""
    torch.set_num_threads(settings.threads)
    generator = torch.Generator().manual_seed(0)
    items = torch.randn(settings.items, settings.width, generator=generator)
    if settings.ties:
        items.fill_(1.0)
    shape = (settings.users, settings.interests, settings.width)
    queries = torch.randn(shape, generator=generator)
    # A small search first, so that the libraries' own buffers are not counted.
    make_retriever(settings.backend, items[:5000]).top_k(queries, settings.top)
    with _Peak() as build:
        retriever = make_retriever(settings.backend, items)
    start = time.perf_counter()
    with _Peak() as search:
        retriever.top_k(queries, settings.top)
    print(build.rest, build.rise, search.rise, time.perf_counter() - start)


def main() -> None:
    """Measures both backends and prints them beside the bound."""
    settings = _arguments()
    if settings.backend:
        _measure(settings)
        return
    bound = search_memory_bytes(settings.users, settings.top, settings.width)
    matrix = settings.users * settings.items * 4
    print(f"items {settings.items} x {settings.width}, users {settings.users}, ", end="")
    print(f"interests {settings.interests}, top {settings.top}, threads {settings.threads}")
    print(f"one (B, N) float32 matrix: {matrix / MIB:.0f} MiB, ", end="")
    print(f"(B, K, N): {settings.interests * matrix / MIB:.0f} MiB")
    print("bound of the torch search, (20 B + 8 D) block + 80 B (k + 16) + 64 MiB: ", end="")
    print(f"{bound / MIB:.0f} MiB")
    for backend in EXACT_KINDS:
        command = [sys.executable, *sys.argv, "--backend", backend]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        rest, index, search, seconds = done.stdout.split()
        print(f"{backend}: at rest {int(rest) / MIB:.0f} MiB (libraries and items), ", end="")
        print(f"building the index +{int(index) / MIB:.0f} MiB, ", end="")
        print(f"search +{int(search) / MIB:.0f} MiB, {float(seconds):.1f} s")


if __name__ == "__main__":
    main()
