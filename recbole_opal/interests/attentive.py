"""Re4's attentive interests (its forward flow), and the decoder of its backward flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History

__all__ = ["AttentiveHistories", "AttentiveInterests", "InterestDecoder"]

_LENGTH_GROUPS = 8


@dataclass(frozen=True)
class AttentiveHistories:
    """What the forward flow knows of a batch; L is the length of its longest history."""

    interests: Tensor  # (B, K, D) float
    log_attention: Tensor  # (B, K, L) float, `log a_kt`; the lowest number at padding
    items: Tensor  # (B, L, D) float, zero at padding
    mask: Tensor  # (B, L) bool, True where there is an item

    def representative(self) -> Tensor:
        """Return (B, K, L) bool: `a_kt > 1 / n`, the items that stand for an interest.

        n is the length of the row's own history, so that even attention has none.
        """
        lengths = self.mask.sum(dim=-1).clamp_min(1)  # (B,)
        even = -lengths.to(self.log_attention.dtype).log()
        # Rounding must not make representatives of evenly attended items.
        above = self.log_attention > even[:, None, None] + 1e-5
        return above & self.mask.unsqueeze(1)


class AttentiveInterests(nn.Module):
    """Each interest is a linear map of an attention-weighted mean of the history.

    `a_kt = softmax_t(w_k tanh(W1 x_t))`, `z_k = sum_t a_kt W2 x_t`. Source: Zhang et al., Re4,
    WWW 2022, the forward flow; no biases and no positions, as there.

    Args:
        output: "none" compares `z_k` with items, as the paper has it; "tanh" compares
            `tanh(W z_k + b)`, as the authors' code does.
    """

    def __init__(
        self,
        num_interests: int,
        width: int,
        *,
        attention_width: int,
        output: Literal["none", "tanh"] = "none",
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, attention_width, bias=False)
        self.logits = nn.Linear(attention_width, num_interests, bias=False)
        self.transform = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width) if output == "tanh" else None

    def forward(self, history: History) -> AttentiveHistories:
        """Encode histories."""
        items, mask = history.padded()  # (B, L, D), (B, L)
        shape = (*mask.shape, self.logits.out_features)
        logits = items.new_full(shape, torch.finfo(items.dtype).min)
        scores = self.logits(self.hidden(history.vectors).tanh())  # (T, K): nothing for padding
        logits = logits.masked_scatter(mask.unsqueeze(-1), scores.to(logits.dtype))  # (B, L, K)
        log_attention = logits.log_softmax(dim=1).transpose(1, 2)  # (B, K, L)
        # The transform is linear, so it may follow the mean: K vectors a row instead of L.
        interests = self.transform(log_attention.exp() @ items)  # (B, K, D)
        if self.output is not None:
            interests = self.output(interests).tanh()
        return AttentiveHistories(interests, log_attention, items, mask)


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
