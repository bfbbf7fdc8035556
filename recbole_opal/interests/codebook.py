"""A codebook of vectors that all users share, learned by vector quantisation.

Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu: Neural Discrete Representation Learning.
NeurIPS 2017, arXiv:1711.00937.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.distributed.joint import joint_sum
from recbole_opal.distributed.rows import place_of_rows, rows_of_all
from recbole_opal.interests.unit import unit_length
from recbole_opal.precision import full_precision

__all__ = ["Codebook", "nearest_codes"]


@full_precision
def nearest_codes(vectors: Tensor, codes: Tensor) -> Tensor:
    """Return the code at the smallest distance, (T,) int64, of (T, D) vectors and (C, D) codes."""
    half = codes.square().sum(dim=-1) / 2
    return (vectors @ codes.T - half).argmax(dim=-1)


class Codebook(nn.Module):
    """C codes: moving means of the items that are nearest to them, or parameters.

    Moving means are the paper's appendix A.1: `N_c` and `m_c` decay by `decay` and take up number
    and sum of a batch's items, and the code is `m_c / N_c`; they start at 0, so that the first
    batches weigh as they should. Parameters follow the gradient of the codebook's loss. A code that
    few items choose is dead: `replace_dead` puts it where an item of the batch is, which the paper
    does not do (Dhariwal et al., arXiv 2005.00341, section 3.1, does). Before the first step all
    are. What is drawn comes from the default generator of the device; what is learnt are parameters
    and buffers, so that a resumed run goes on bit by bit.

    Args:
        num_codes: C.
        width: D.
        unit: whether codes are brought to unit length, as the items are.
        decay: of the moving means, in [0, 1); None: the codes are parameters.
        least_usage: a code is dead at or below this part of the usage of an even codebook.
    """

    codes: Tensor
    usage: Tensor
    sums: Tensor
    without_decay = True  # see `recbole_opal.training.optimizer`

    def __init__(
        self, num_codes: int, width: int, *, unit: bool, decay: float | None, least_usage: float
    ) -> None:
        super().__init__()
        self.unit, self.decay, self.least_usage = unit, decay, least_usage
        start = torch.randn(num_codes, width) * width**-0.5
        self.register_buffer("usage", torch.zeros(num_codes))  # (C,), N_c
        if decay is None:
            self.codes = nn.Parameter(start)
        else:
            self.register_buffer("codes", start)
            self.register_buffer("sums", torch.zeros(num_codes, width))  # m_c

    def vectors(self) -> Tensor:
        """Return the codes as they are compared, (C, D)."""
        return unit_length(self.codes) if self.unit else self.codes

    @torch.no_grad()
    def replace_dead(self, items: Tensor) -> None:
        """Put dead codes where items drawn from (T, D) are, with the usage of an even codebook."""
        _, number = place_of_rows(len(items))
        if number == 0:
            return
        even = self.usage.mean()
        dead = self.usage <= self.least_usage * even
        drawn = torch.randint(number, dead.shape, device=items.device)
        fresh = rows_of_all(items, drawn).to(self.codes.dtype)  # (C, D)
        self.codes.copy_(torch.where(dead.unsqueeze(-1), fresh, self.codes))
        self.usage.copy_(torch.where(dead, even, self.usage))
        if self.decay is not None:
            self.sums.copy_(torch.where(dead.unsqueeze(-1), even * fresh, self.sums))

    @torch.no_grad()
    def count(self, items: Tensor, chosen: Tensor) -> None:
        """Take up what a batch's (T, D) items chose, (T,) int64; move the codes if they are means.

        Without a decay of its own the usage decays by 0.99.
        """
        decay = 0.99 if self.decay is None else self.decay
        numbers = torch.zeros_like(self.usage).index_add_(0, chosen, torch.ones_like(items[:, 0]))
        self.usage.lerp_(joint_sum(numbers), 1 - decay)
        if self.decay is not None:
            added = torch.zeros_like(self.sums).index_add_(0, chosen, items.to(self.sums.dtype))
            self.sums.lerp_(joint_sum(added), 1 - decay)
            tiny = torch.finfo(self.usage.dtype).tiny
            used = (self.usage > tiny).unsqueeze(-1)
            means = self.sums / self.usage.clamp_min(tiny).unsqueeze(-1)
            self.codes.copy_(torch.where(used, means, self.codes))

    def perplexity(self) -> float:
        """Return `exp` of the entropy of the usage, in [1, C]; 0 before the first step.

        C: all codes are used alike; 1: one code is used.
        """
        total = self.usage.sum()
        if total == 0:
            return 0.0
        shares = self.usage.double() / total
        return float(torch.special.entr(shares).sum().exp())
