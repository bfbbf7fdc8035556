"""Items that are alike, by the vectors that a model compares users with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recbole_opal.retrieval import exact_top_k

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["similar_items"]


def similar_items(
    numbers: npt.NDArray[np.int64], k: int, table: Tensor, tokens: Sequence[str]
) -> pd.DataFrame:
    """Return the k items that are most like each, as rows: item, rank, similar_item, score.

    Args:
        numbers: (Q,) internal ids.
        k: of each.
        table: (N, D) float item vectors, row 0 = padding.
        tokens: the raw id of each internal id.
    """
    import pandas as pd

    asked = torch.from_numpy(numbers)
    queries = table[asked.to(table.device)].unsqueeze(1)  # (Q, 1, D)
    itself = torch.arange(len(asked)), asked
    found = exact_top_k(queries, table, min(k, max(1, len(tokens) - 2)), exclude=itself)
    ids, scores = found.ids.cpu().numpy(), found.scores.cpu().numpy()
    names = np.asarray(tokens, dtype=object)
    rows, places = np.nonzero(ids)
    return pd.DataFrame(
        {
            "item": names[numbers[rows]],
            "rank": places + 1,
            "similar_item": names[ids[rows, places]],
            "score": scores[rows, places],
        }
    )
