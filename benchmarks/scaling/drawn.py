"""Logs and vectors that are drawn: popular items are met more often, users at any time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from recbole_opal.data.stored import Rows
from recbole_opal.data.user_sequences import IntArray, UserSequences

A_USER = 20
"""Interactions of a user, on average."""
_BLOCK = 2_000_000


def drawn_items(random: np.random.Generator, count: int, num_items: int) -> IntArray:
    """Return (count,) ids in [1, N]; how often one is met falls with the root of its rank."""
    return 1 + (num_items * random.random(count) ** 2).astype(np.int64)


def drawn_rows(users: int, num_items: int, seed: int) -> Iterator[Rows]:
    """Yield 20 rows a user in the order of their times, the users mixed, some at a time."""
    random, count = np.random.default_rng(seed), A_USER * users
    everyone = np.arange(1, users + 1)
    start = 0
    while start < count:
        size = min(_BLOCK, count - start)
        if start < users:  # everyone once, so that no number is left out
            owners = everyone[start : start + size]
            size = len(owners)
        else:
            owners = random.integers(1, users + 1, size)
        times = 1.6e9 + start + np.sort(random.random(size)) * size
        yield Rows(owners, drawn_items(random, size, num_items), times)
        start += size


def drawn_sequences(users: int, num_items: int, seed: int) -> UserSequences:
    """Return the sequences of such rows, in memory."""
    blocks = list(drawn_rows(users, num_items, seed))
    columns = ([getattr(each, name) for each in blocks] for name in ("users", "items", "times"))
    return UserSequences.from_columns(*map(np.concatenate, columns))


def drawn_vectors(num_items: int, width: int, seed: int, clusters: int = 2_000) -> Tensor:
    """Return (N + 1, D) unit vectors around centres; row 0 is the padding.

    They are filled in place, a block at a time: nothing else is as large.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = normalize(torch.randn(clusters, width, generator=generator), dim=1)
    table = torch.empty(num_items + 1, width)
    for block in table.split(2**18):
        torch.randn(block.shape, generator=generator, out=block)
        chosen = torch.randint(0, clusters, (len(block),), generator=generator)
        block.mul_(0.1).add_(centres[chosen])
        block.div_(torch.linalg.vector_norm(block, dim=1, keepdim=True))
    table[0] = 0
    return table


def drawn_queries(table: Tensor, users: int, interests: int, seed: int) -> Tensor:
    """Return (B, K, D) unit vectors, each near an item."""
    generator = torch.Generator().manual_seed(seed)
    near = torch.randint(1, len(table), (users, interests), generator=generator)
    noise = 0.1 * torch.randn(users, interests, table.shape[1], generator=generator)
    return normalize(table[near] + noise, dim=-1)
