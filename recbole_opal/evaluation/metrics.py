"""RecBole's metrics under their names, without its Python loops over rows.

Lists may hold fills (id 0) where fewer than `k` items were left. RecBole has no fills; here the
diversity metrics leave them out of the counts and of the list's length. Only metric classes may
stand in this module, because RecBole's registry takes every class it finds.

Hit, MRR, MAP (over `min(k, targets)`), Recall, NDCG, Precision, GAUC (each user's AUC weighed by
the number of targets; equal scores count half; users of whom every item is a target or left out
have none) and AveragePopularity are what textbooks call so.
What differs, in RecBole or from it:

- ShannonEntropy here is the entropy of the recommended items, `-sum_i p_i ln p_i` in nats.
  RecBole documents this sum and divides it by the number of distinct recommended items.
- ItemCoverage and GiniIndex, as upstream, count the padding as one item that nobody gets, so that
  full coverage is `(N - 1) / N`; `coverage@k` and `gini@k` of every run count the real items.
- TailPercentage, as upstream, draws its long tail from the items with a training interaction: one
  that has none is no tail item.
"""

import numpy as np
import numpy.typing as npt
from recbole.evaluator import metrics as upstream


class MRR(upstream.MRR):
    """Reciprocal rank of the first hit; upstream loops over rows."""

    def metric_info(self, pos_index: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return `(E, k)` values at each cut-off from `(E, k)` hits."""
        first = pos_index.argmax(axis=1).reshape(-1, 1)
        reached = np.arange(pos_index.shape[1]) >= first
        return np.where(pos_index.any(axis=1, keepdims=True) & reached, 1.0 / (first + 1), 0.0)


class GAUC(upstream.GAUC):
    """Mean of the users' AUC, weighed by targets; upstream warns of the same users every time."""

    def metric_info(
        self,
        pos_rank_sum: npt.NDArray[np.float64],
        user_len_list: npt.NDArray[np.float64],
        pos_len_list: npt.NDArray[np.float64],
    ) -> float:
        """Return the mean in [0, 1]; NaN if no user has an item that is no target.

        Args:
            pos_rank_sum: `(E, 1)` sums of the ranks of the targets, 1 the best.
            user_len_list: `(E,)` items that are ranked.
            pos_len_list: `(E,)` targets, at least 1.
        """
        negatives = user_len_list - pos_len_list
        kept = negatives > 0
        targets, negatives = pos_len_list[kept], negatives[kept]
        if not len(targets):
            return float("nan")
        ranks = pos_rank_sum[kept, 0]
        pairs = (user_len_list[kept] + 1) * targets - targets * (targets + 1) / 2 - ranks
        return float((pairs / negatives).sum() / targets.sum())


class ItemCoverage(upstream.ItemCoverage):
    """Share of all items, with the padding as upstream, that were recommended to someone."""

    def get_coverage(self, item_matrix: npt.NDArray[np.int64], num_items: int) -> float:
        """Return the share in [0, 1] from `(E, k)` item ids."""
        counts = np.bincount(item_matrix.ravel(), minlength=1)
        return float(np.count_nonzero(counts[1:]) / num_items)


class ShannonEntropy(upstream.ShannonEntropy):
    """Entropy of the recommended items in nats; upstream divides it by how many there are."""

    def get_entropy(self, item_matrix: npt.NDArray[np.int64]) -> float:
        """Return the value, in [0, log N], from `(E, k)` item ids; 0 if all are fills."""
        counts = np.bincount(item_matrix.ravel(), minlength=1)[1:]
        counts = counts[counts > 0]
        if not len(counts):
            return 0.0
        shares = counts / counts.sum()
        return float(-(shares * np.log(shares)).sum()) + 0.0


class GiniIndex(upstream.GiniIndex):
    """Inequality of how often items, with the padding as upstream, are recommended, 0 or more."""

    def get_gini(self, item_matrix: npt.NDArray[np.int64], num_items: int) -> float:
        """Return the value in [0, 1] from `(E, k)` item ids; 0 if all are fills."""
        counts = np.bincount(item_matrix.ravel(), minlength=1)[1:]
        ordered = np.sort(counts[counts > 0])
        if not len(ordered):
            return 0.0
        places = np.arange(num_items - len(ordered) + 1, num_items + 1)
        weighted = ((2 * places - num_items - 1) * ordered).sum()
        return float(weighted / ordered.sum() / num_items)


class AveragePopularity(upstream.AveragePopularity):
    """Mean training count of the recommended items."""

    def get_pop(
        self, item_matrix: npt.NDArray[np.int64], item_count: dict[int, int]
    ) -> npt.NDArray[np.float64]:
        """Return `(E, k)` training counts of the `(E, k)` items, NaN for fills."""
        size = max(int(item_matrix.max(initial=0)), *item_count, 0) + 1
        table = np.zeros(size)
        table[list(item_count.keys())] = list(item_count.values())
        table[0] = np.nan
        return table[item_matrix]

    def metric_info(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return `(E, k)` means over the items up to each cut-off, fills left out."""
        lengths = np.maximum((~np.isnan(values)).cumsum(axis=1), 1)
        means: npt.NDArray[np.float64] = np.nan_to_num(values).cumsum(axis=1) / lengths
        return means


class TailPercentage(upstream.TailPercentage):
    """Share of long-tail items in the lists; upstream tests membership in a list, item by item."""

    def get_tail(
        self, item_matrix: npt.NDArray[np.int64], count_items: dict[int, int]
    ) -> npt.NDArray[np.float64]:
        """Return `(E, k)`: 1 for a tail item, 0 for another, NaN for fills."""
        ids = np.array(list(count_items.keys()), dtype=np.int64)
        counts = np.array(list(count_items.values()), dtype=np.int64)
        if self.tail > 1:
            tail = ids[counts <= self.tail]
        else:
            order = np.lexsort((ids, counts))
            tail = ids[order][: max(int(len(ids) * self.tail), 1)]
        return np.where(item_matrix == 0, np.nan, np.isin(item_matrix, tail).astype(np.float64))

    def metric_info(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return `(E, k)` means over the items up to each cut-off, fills left out."""
        lengths = np.maximum((~np.isnan(values)).cumsum(axis=1), 1)
        means: npt.NDArray[np.float64] = np.nan_to_num(values).cumsum(axis=1) / lengths
        return means
