"""The lists of one evaluation batch, as the collector takes them."""

from dataclasses import dataclass

from torch import Tensor

from recbole_opal.retrieval import Pairs

__all__ = ["InterestUse", "RankSums", "Retrieved", "rank_sums"]


@dataclass(frozen=True)
class RankSums:
    """What GAUC needs of each row.

    Attributes:
        positive_rank_sum: `(B,)` float64, sum of the average ranks of the row's targets.
        num_candidates: `(B,)` int64, items that could be returned for the row.
    """

    positive_rank_sum: Tensor
    num_candidates: Tensor


@dataclass(frozen=True)
class InterestUse:
    """What each interest of a row did.

    Attributes:
        winners: `(B, k)` uint8, the interest that won each listed item; see `winning_interests`.
        cosines: `(B,)` float64, mean cosine between two active interests; NaN without two.
        active: `(B, K)` bool, the interests the row has; the others are copies.
    """

    winners: Tensor
    cosines: Tensor
    active: Tensor


@dataclass(frozen=True)
class Retrieved:
    """The lists of a batch.

    Attributes:
        ids: `(B, k)` int64, best first; 0 = fill (fewer than `k` candidates), never a hit.
        ranks: what GAUC needs, or `None` if no metric asks for it.
        interest_use: `None` if nobody asked, or the model has no interests.
    """

    ids: Tensor
    ranks: RankSums | None = None
    interest_use: InterestUse | None = None


def rank_sums(ranks: Tensor, positives: Pairs, num_candidates: Tensor) -> RankSums:
    """Add up the ranks of each row's targets.

    Args:
        ranks: `(P,)` float64 average ranks.
        positives: `(rows, ids)`, each pair once.
        num_candidates: `(B,)` int64.
    """
    rows = positives[0].to(ranks.device)
    total = ranks.new_zeros(len(num_candidates)).index_add_(0, rows, ranks)
    return RankSums(total, num_candidates)
