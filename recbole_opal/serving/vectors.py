"""Vectors of users and of items, for who searches or compares them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.batches import Histories
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.serving.histories import KnownHistories

__all__ = ["CatalogueVectors", "UserVectors", "user_vectors"]


@dataclass(frozen=True)
class UserVectors:
    """The interests of B users, and what makes an item's score of its products with them.

    The score is the largest of the K inner products where the temperature is 0, else their soft
    maximum, `temperature * log(sum(exp(products / temperature)))`.

    Attributes:
        users: the name of each user, as the caller gave it.
        vectors: (B, K, D) float32, with a prior as the last column where the model has one; zero
            where a history holds no known item.
        active: (B, K) bool, the interests a user has; others repeat one of these.
        shares: (B, K) float32, the share of the history that each interest stands for.
        temperature: of the soft maximum; 0: the score is the largest product.
    """

    users: Sequence[Any]
    vectors: npt.NDArray[np.float32]
    active: npt.NDArray[np.bool_]
    shares: npt.NDArray[np.float32]
    temperature: float

    def __len__(self) -> int:
        """Return the number of users, B."""
        return len(self.vectors)

    @classmethod
    def joined(cls, parts: Sequence[UserVectors]) -> UserVectors:
        """Return the users of some batches, at least one, together."""
        return cls(
            [user for part in parts for user in part.users],
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.active for part in parts]),
            np.concatenate([part.shares for part in parts]),
            parts[0].temperature,
        )


@dataclass(frozen=True)
class CatalogueVectors:
    """The vectors of all items that the model knows, without the padding.

    Attributes:
        items: the raw id of each.
        vectors: (N - 1, D) float32, of the width of the users' vectors.
    """

    items: Sequence[str]
    vectors: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of items, N - 1."""
        return len(self.vectors)


def user_vectors(network: MultiInterestNetwork, known: KnownHistories) -> UserVectors:
    """Return the interests of a batch; a history without items is not shown to the network."""
    histories = known.histories
    met = histories.lengths > 0
    asked = Histories(histories.items, histories.lengths[met], histories.times)
    asked = asked.to(next(network.parameters()).device)
    queries = network.interests(asked).float().cpu()  # (B', K, D)
    active = network.active_interests(asked)
    if active is None:
        active = torch.ones(queries.shape[:2], dtype=torch.bool)
    parts = queries, active.cpu(), network.interest_shares(asked).float().cpu()
    whole = [part.new_zeros(len(met), *part.shape[1:]) for part in parts]
    for every, part in zip(whole, parts, strict=True):
        every[met] = part
    vectors, used, shares = (each.numpy() for each in whole)
    return UserVectors(known.users, vectors, used, shares, network.scoring.temperature)
