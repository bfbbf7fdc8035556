"""A network as a function of padded item ids, the form in which it is exported."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from recbole_opal.interests.padded_history import PaddedHistory
from recbole_opal.models.base import MultiInterestNetwork

__all__ = ["HistoryEncoder", "made_histories", "name_of"]


class HistoryEncoder(nn.Module):
    """Padded histories to interests, as `MultiInterestNetwork.interests` gives them.

    Whoever serves needs an array of numbers for it and nothing of ours.

    Args:
        network: in the stage and with the weights that are wanted; it is not changed.
    """

    def __init__(self, network: MultiInterestNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, items: Tensor, times: Tensor | None = None) -> Tensor:
        """Return the query vectors, (B, K, D') float32.

        Args:
            items: (B, L) int64 internal ids, oldest first, 0 behind the last item of a row; L is
                at most the longest history.
            times: (B, L) float64 seconds, when each was met; for models that ask for times.
        """
        network, flat = self.network, items.flatten()
        lengths = (items > 0).sum(dim=1)
        vectors = network.items.look_up(flat).masked_fill((flat == 0).unsqueeze(-1), 0)
        flat_times = None if times is None else times.flatten()
        history = PaddedHistory(vectors, lengths, flat_times, width=items.shape[1])
        return network.queries(network.encode(network.weighed(history))).float()


def name_of(network: MultiInterestNetwork) -> str:
    """Return the name of a network's model, and its stage where it has several."""
    name = type(network).__name__.removesuffix("Network")
    return f"{name} ({network.stage})" if len(network.stages) > 1 else name


def made_histories(
    network: MultiInterestNetwork, rows: int, width: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Make the inputs of `HistoryEncoder` by name, the same for the same shape.

    The first row is full, the second has one item, the third none, all others any number.
    """
    draw = np.random.default_rng(0)
    lengths = draw.integers(1, width + 1, rows)
    lengths[:3] = [width, 1, 0][:rows]
    filled = np.arange(width) < lengths[:, None]  # (B, L)
    made: dict[str, npt.NDArray[np.generic]] = {
        "items": draw.integers(1, network.items.num_items, (rows, width)) * filled
    }
    if network.needs_times:
        gaps = draw.exponential(86_400.0, (rows, width))  # a day apart
        made["times"] = (1e9 + gaps.cumsum(axis=1)) * filled
    return made
