"""DSSRec's two losses: the next item, and the future as a whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recbole_opal.losses.contrastive import agreement_losses
from recbole_opal.precision import full_precision

__all__ = ["seq2item_loss", "seq2seq_loss"]


@full_precision
def seq2item_loss(
    interests: Tensor, targets: Tensor, target_ids: Tensor, *, temperature: float
) -> Tensor:
    """Return the cross-entropy of each row's next item against the other rows' next items.

    `-log(max_k e^(u_k . x) / sum_(k', b') e^(u_k' . x_b'))`: the best interest is credited, the
    sum holds all interests. Source: DSSRec. Other rows with the same item are left out of the
    sum, and rows are averaged (a public unofficial code keeps the former and adds up the latter).
    The temperature is sqrt(D) in the paper.
    """
    logits = interests @ targets.T / temperature  # (B, K, B)
    same = target_ids.unsqueeze(1) == target_ids  # (B, B)
    same.fill_diagonal_(False)
    own = torch.diagonal(logits, dim1=0, dim2=2).amax(dim=0)  # (B,)
    floor = torch.finfo(logits.dtype).min
    logits = logits.masked_fill(same.unsqueeze(1), floor)
    return (logits.flatten(1).logsumexp(dim=-1) - own).mean()


def seq2seq_loss(
    past: Tensor, future: Tensor, *, temperature: float, kept_share: float = 1.0
) -> Tensor:
    """Return how badly interests agree with the same intention's of what follows.

    For each row and intention, the cross-entropy of the future's vector of that row and
    intention against those of all rows and intentions. Only the best predicted share counts:
    not every intention of the future shows in the past. Source: DSSRec; the mean of what is
    kept, where a public unofficial code adds up.

    The temperature is sqrt(D) in the paper, `kept_share` its lambda in (0, 1], the share of the B K
    pairs with the lowest losses.
    """
    losses = agreement_losses(past.flatten(0, 1), future.flatten(0, 1), temperature)  # (B K,)
    kept = math.ceil(kept_share * len(losses))
    return losses.topk(kept, largest=False).values.mean()
