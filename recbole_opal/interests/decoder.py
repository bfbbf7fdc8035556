"""Re4's decoder: the items of a history out of one interest.

Shengyu Zhang et al.: Re4. WWW 2022, arXiv:2208.08011.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["InterestDecoder"]

_LENGTH_GROUPS = 8


class InterestDecoder(nn.Module):
    """Decode the items of a history from one interest.

    An interest is unfolded to one vector for each position, `c_kj = U_j z_k`, and each position
    attends to them: `b_ktj = softmax_j(w_t tanh(W3 c_kj))`, `x'_kt = sum_j b_ktj W5 c_kj`, j over
    the positions of the row's own history. Source: Re4, Re-construct. `W3 U_j` and `W5 U_j` are
    multiplied first, so that c is never held in memory, and rows are decoded in groups of
    similar length: the sums are the same.
    """

    def __init__(self, width: int, *, max_length: int) -> None:
        super().__init__()
        self.unfold = nn.Parameter(torch.empty(max_length, width, width))  # U
        self.hidden = nn.Linear(width, width, bias=False)  # W3
        self.positions = nn.Parameter(torch.empty(max_length, width))  # w
        self.values = nn.Linear(width, width, bias=False)  # W5
        nn.init.normal_(self.unfold, std=width**-0.5)  # keeps lengths
        nn.init.normal_(self.positions, std=width**-0.5)

    def forward(self, interests: Tensor, wanted: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Decode what is wanted and no more.

        Args:
            interests: (B, K, D) float.
            wanted: (B, K, L) bool, the positions to decode, all before the row's length.
            lengths: (B,) int64, how many items each row has.

        Returns:
            (P, D) float, the decoded items, and (P, 2) int64, the row and the position of each.
        """
        decoded, places = [], []
        order = lengths.argsort()
        for rows in order.tensor_split(min(_LENGTH_GROUPS, max(len(order), 1))):
            width = int(lengths[rows].max()) if len(rows) else 0
            chosen = wanted[rows, :, :width]  # (G, K, w)
            decoded.append(self._decode(interests[rows], lengths[rows], width)[chosen])
            row, _, position = chosen.nonzero(as_tuple=True)
            places.append(torch.stack([rows[row], position], dim=-1))
        return torch.cat(decoded), torch.cat(places)

    def _decode(self, interests: Tensor, lengths: Tensor, width: int) -> Tensor:
        unfold = self.unfold[:width]  # (w, D, D)
        hidden = self._unfolded(interests, self.hidden.weight @ unfold).tanh()  # (G, K, w, D)
        values = self._unfolded(interests, self.values.weight @ unfold)  # (G, K, w, D)
        logits = torch.einsum("td,gkjd->gktj", self.positions[:width], hidden)
        there = torch.arange(width, device=lengths.device) < lengths.unsqueeze(1)  # (G, w)
        floor = torch.finfo(logits.dtype).min
        weights = logits.masked_fill(~there[:, None, None], floor).softmax(dim=-1)
        return weights @ values  # (G, K, w, D)

    @staticmethod
    def _unfolded(interests: Tensor, maps: Tensor) -> Tensor:
        """Return `maps_j z_k`, (G, K, w, D), from (G, K, D) and (w, D, D)."""
        flat = interests @ maps.reshape(-1, maps.shape[-1]).T  # (G, K, w D)
        return flat.view(*interests.shape[:2], *maps.shape[:2])
