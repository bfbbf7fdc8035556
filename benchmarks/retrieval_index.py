"""Exact against approximate search: time, recall of the merged lists, memory, time to build.

Run from the repository: `python benchmarks/retrieval_index.py [--items 1000000] [--kinds hnsw]`.
Items are unit vectors around cluster centres; a user's interests lie near centres too. One thread;
times are the process's own seconds, so that other work on the machine counts little. With
`--lengths=0.5` items are no unit vectors: their lengths are log-normal with this spread.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import torch
from torch import Tensor
from torch.nn.functional import normalize

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.retrieval import APPROXIMATE_KINDS, TopK, make_retriever

SEARCHES: dict[str, list[dict[str, Any]]] = {
    "ivf-flat": [{"nprobe": nprobe} for nprobe in (4, 8, 16, 32, 64)],
    "ivf-pq": [
        *({"refine": 1, "rescore": False, "nprobe": nprobe} for nprobe in (32, 64)),
        *({"refine": refine, "nprobe": 32} for refine in (1, 2, 4, 8)),
    ],
    "hnsw": [{"ef_search": ef_search} for ef_search in (64, 128, 256, 512)],
    "sq8": [{"refine": 1, "rescore": False}, {"refine": 2}],
}
"""The settings of each index that are tried."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--clusters", type=int, default=2_000)
    parser.add_argument("--spread", type=float, default=0.1, help="around a centre, a coordinate")
    parser.add_argument("--lengths", type=float, default=0.0)
    parser.add_argument("--users", type=int, default=256)
    parser.add_argument("--interests", type=int, default=4)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--kinds", nargs="+", choices=APPROXIMATE_KINDS, default=APPROXIMATE_KINDS)
    return parser.parse_args()


def _vectors(asked: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """Returns (N + 1, D) items, the padding in front, and (B, K, D) queries."""
    generator = torch.Generator().manual_seed(0)
    centres = normalize(torch.randn(asked.clusters, asked.width, generator=generator), dim=1)

    def near(*shape: int) -> Tensor:
        chosen = centres[torch.randint(0, asked.clusters, shape, generator=generator)]
        noise = torch.randn(*shape, asked.width, generator=generator)
        return normalize(chosen + asked.spread * noise, dim=-1)

    lengths = (asked.lengths * torch.randn(asked.items + 1, 1, generator=generator)).exp()
    return near(asked.items + 1) * lengths, near(asked.users, asked.interests)


def _timed(index: Any, queries: Tensor, k: int) -> tuple[float, TopK]:
    """Returns milliseconds a user, and the lists."""
    index.top_k(queries[:2], k)
    started = time.process_time()
    found = index.top_k(queries, k)
    return 1000 * (time.process_time() - started) / len(queries), found


def _recall(found: TopK, truth: TopK) -> float:
    """Returns the share of the true lists that was found."""
    hits = (found.ids[:, :, None] == truth.ids[:, None, :]).any(dim=2)
    return hits.double().mean().item()


def _rows(asked: argparse.Namespace) -> Iterator[tuple[str, str, float, float, float, float]]:
    """Yields kind, settings, milliseconds a user, recall, bytes an item, seconds to build."""
    items, queries = _vectors(asked)
    truth = None
    for kind in ("torch", "faiss", *asked.kinds):
        started = time.process_time()
        index: Any = make_retriever(kind, items)
        built, size = time.process_time() - started, index.bytes_per_item()
        for search in SEARCHES.get(kind, [{}]):
            view = index.with_search(**search) if search else index
            milliseconds, found = _timed(view, queries, asked.top)
            truth = truth or found
            told = " ".join(f"{name}={value}" for name, value in search.items())
            yield kind, told, milliseconds, _recall(found, truth), size, built


def main() -> None:
    """Prints a row a search, with how many times faster than exact it is."""
    asked = _arguments()
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    print(f"{asked.items} items of width {asked.width} in {asked.clusters} clusters, ", end="")
    print(f"{asked.users} users of {asked.interests} interests, top {asked.top}, one thread")
    columns = ("kind", "search", "ms a user", "faster", "recall", "bytes an item", "build s")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    exact = 0.0
    for kind, told, milliseconds, recall, size, built in _rows(asked):
        exact = exact or milliseconds
        numbers = f"{milliseconds:.3f} | {exact / milliseconds:.1f} | {recall:.4f} | {size:.1f}"
        print(f"| {kind} | {told} | {numbers} | {built:.1f} |", flush=True)


if __name__ == "__main__":
    main()
