"""RecBole's collector, fed with lists of ids instead of a score matrix.

Differences from `recbole.evaluator.Collector`: hits are found by matching (row, id) pairs, so no
`(B, N)` tensor is made; batches are kept in lists and joined once (upstream joins at every batch,
which is quadratic); and counts and counters do not crash `get_data_struct` (upstream issue 2194:
`'int' object has no attribute 'cpu'`, which hits every diversity metric).
"""

from collections import defaultdict
from typing import Any

import torch
from recbole.evaluator.collector import Collector, DataStruct
from torch import Tensor

from recbole_opal.errors import DataError
from recbole_opal.evaluation.full_sort import Retrieved
from recbole_opal.retrieval import Pairs

__all__ = ["TopKCollector", "match_targets"]


class TopKCollector(Collector):
    """Collects what RecBole's ranking metrics need from `Retrieved` batches.

    `rec.users` (internal user ids, row by row) is collected besides RecBole's own keys, so that
    values can be kept for each user.

    Stability: stable.

    Attributes:
        keep_lists: whether `last_struct` holds the lists, their hits and who won them, also where
            no metric asks for them.
        last_struct: the data of the last finished evaluation, or `None` before the first.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._batches: defaultdict[str, list[Tensor]] = defaultdict(list)
        self.keep_lists = False
        self.last_struct: Any = None

    def eval_batch_collect(
        self, retrieved: Retrieved, interaction: Any, positive_u: Tensor, positive_i: Tensor
    ) -> None:
        """Keep one batch.

        Args:
            retrieved: the lists.
            interaction: RecBole's batch with the user ids.
            positive_u: `(P,)` int64 rows of the targets.
            positive_i: `(P,)` int64 item ids of the targets; repeated pairs count once.

        Raises:
            DataError: a row has no target, for which recall is undefined.
        """
        ids = retrieved.ids.cpu()
        matches = match_targets(ids, (positive_u.cpu(), positive_i.cpu()))
        num_targets = matches[:, -1]
        if bool((num_targets == 0).any()):
            raise DataError(
                "a row of the evaluation has no target item; drop such rows before evaluating"
            )
        self._batches["rec.users"].append(interaction[self.config["USER_ID_FIELD"]].cpu())
        if self.keep_lists or self.register.need("rec.items"):
            self._batches["rec.items"].append(ids)
        if self.keep_lists or self.register.need("rec.topk"):
            self._batches["rec.topk"].append(matches)
        if self.keep_lists and retrieved.interest_use is not None:
            self._batches["rec.winners"].append(retrieved.interest_use.winners.cpu())
            self._batches["rec.cosines"].append(retrieved.interest_use.cosines.cpu())
            self._batches["rec.active"].append(retrieved.interest_use.active.cpu())
        if self.register.need("rec.meanrank") and retrieved.ranks is not None:
            ranks = retrieved.ranks
            columns = (ranks.positive_rank_sum, ranks.num_candidates, num_targets)
            stacked = torch.stack([column.cpu().double() for column in columns], dim=1)  # (B, 3)
            self._batches["rec.meanrank"].append(stacked)

    def start(self) -> None:
        """Forget batches of an evaluation that did not finish."""
        self._batches.clear()

    def get_data_struct(self) -> Any:
        """Return everything collected since the last call, and the counts of the training data."""
        struct = DataStruct()
        for name in self.data_struct._data_dict:
            struct.set(name, self.data_struct.get(name))
        for name, parts in self._batches.items():
            struct.set(name, torch.cat(parts))
        self._batches.clear()
        self.last_struct = struct
        return struct


def match_targets(ids: Tensor, positives: Pairs) -> Tensor:
    """Mark the hits of each list.

    Args:
        ids: `(B, k)` int64; 0 never matches.
        positives: `(rows, ids)` of the targets.

    Returns:
        `(B, k + 1)` int64: 1 for a hit, and in the last column the number of distinct targets.
    """
    batch = len(ids)
    rows, items = positives
    # Keys put the row last, so that they stay below 2^63 for any catalogue.
    targets = torch.unique(items * batch + rows)
    keys = ids * batch + torch.arange(batch)[:, None]
    hits = torch.isin(keys, targets) & (ids > 0)
    num_targets = torch.bincount(targets % batch, minlength=batch)
    return torch.cat((hits.long(), num_targets[:, None]), dim=1)  # (B, k + 1)
