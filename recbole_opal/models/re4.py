"""Re4: interests by self-attention, held to their items by three backward flows.

Shengyu Zhang, Lingxiao Yang, Dong Yao, Yujie Lu, Fuli Feng, Zhou Zhao, Tat-Seng Chua, Fei Wu:
Re4: Learning to Re-contrast, Re-attend, Re-construct for Multi-interest Recommendation. WWW
2022, arXiv:2208.08011.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.models.base import Catalogue, MultiInterestNetwork, TrainingStep
from recbole_opal.models.recipes import Recipe, search_with
from recbole_opal.precision import full_precision
from recbole_opal.settings.models.re4 import Re4Settings

__all__ = [
    "AttentiveHistories",
    "AttentiveInterests",
    "InterestDecoder",
    "Re4Network",
    "Re4Settings",
    "history_scores",
    "reattend_loss",
    "recontrast_loss",
    "reconstruct_loss",
]

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

    `a_kt = softmax_t(w_k tanh(W1 x_t))`, `z_k = sum_t a_kt W2 x_t`. Source: the forward flow; no
    biases and no positions, as there. Weights of a history come into the softmax as logarithms.
    """

    def __init__(self, settings: Re4Settings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.hidden = nn.Linear(width, settings.attention_size, bias=False)
        self.logits = nn.Linear(settings.attention_size, settings.num_interests, bias=False)
        self.transform = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width) if settings.interest_output == "tanh" else None

    def forward(self, history: History) -> AttentiveHistories:
        """Encode histories."""
        items, mask = history.padded()  # (B, L, D), (B, L)
        scores = self.logits(self.hidden(history.vectors).tanh())  # (T, K): nothing for padding
        scores = history.lift(scores)
        logits = history.pad(scores.to(items.dtype), torch.finfo(items.dtype).min)  # (B, L, K)
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


@full_precision
def history_scores(queries: Tensor, items: Tensor, *, temperature: float) -> Tensor:
    """Return how the recommender scores (B, L, D) items for each interest, (B, K, L)."""
    scores: Tensor = queries @ items.transpose(1, 2) / temperature
    return scores


@full_precision
def reattend_loss(scores: Tensor, log_attention: Tensor, mask: Tensor) -> Tensor:
    """Return `-mean_(b,k) sum_t softmax_t(s_kt) log a_kt`: attend as the recommender scores.

    Source: Re4, Re-attend: the attention of the forward flow shall agree with the criterion of
    the recommendation, so that is the cross-entropy's target. Gradients flow into both.

    Args:
        scores: (B, K, L) float, how the recommender scores each item for each interest.
        log_attention: (B, K, L) float, log of weights that sum to 1 over the last axis.
        mask: (B, L) bool, True where there is an item; every row has one.
    """
    there = mask.unsqueeze(1)
    floor = torch.finfo(scores.dtype).min
    wanted = scores.masked_fill(~there, floor).softmax(dim=-1)
    return -(wanted * log_attention.masked_fill(~there, 0.0)).sum(dim=-1).mean()


@full_precision
def recontrast_loss(
    interests: Tensor,
    items: Tensor,
    mask: Tensor,
    representative: Tensor,
    strangers: Tensor,
    stranger_mask: Tensor,
    *,
    temperature: float,
) -> Tensor:
    """Return the InfoNCE loss of each interest with the items that stand for it.

    For interest k and each representative item p: `-log e^(s_p) / (e^(s_p) + sum_n e^(s_n))`,
    s = cosine / temperature; n runs over the row's other items, its other interests and items
    of a stranger. The mean is taken over an interest's items, then over all interests that have
    any. Source: Re4, Re-contrast. In the authors' code and its ports n runs over the other
    representative items too, which pushes away what it pulls, and the mean is taken over the
    padded width, which makes it some four times smaller at the start.

    Args:
        interests: (B, K, D) float.
        items: (B, L, D) float.
        mask: (B, L) bool, True where there is an item.
        representative: (B, K, L) bool, never at padding.
        strangers: (B, S, D) float, items that are not of the row.
        stranger_mask: (B, S) bool, True where there is one.
        temperature: > 0.
    """
    axes = functional.normalize(interests, dim=-1) / temperature  # (B, K, D)
    own = axes @ functional.normalize(items, dim=-1).transpose(1, 2)  # (B, K, L)
    foreign = axes @ functional.normalize(strangers, dim=-1).transpose(1, 2)  # (B, K, S)
    between = axes @ functional.normalize(interests, dim=-1).transpose(1, 2)  # (B, K, K)
    same = torch.eye(interests.shape[1], dtype=torch.bool, device=interests.device)
    floor = torch.finfo(own.dtype).min
    negatives = torch.cat(
        [
            own.masked_fill(representative | ~mask.unsqueeze(1), floor),
            foreign.masked_fill(~stranger_mask.unsqueeze(1), floor),
            between.masked_fill(same, floor),
        ],
        dim=-1,
    )
    losses = functional.softplus(negatives.logsumexp(dim=-1, keepdim=True) - own)  # (B, K, L)
    counts = representative.sum(dim=-1)  # (B, K)
    means = losses.masked_fill(~representative, 0.0).sum(dim=-1) / counts.clamp_min(1)
    return means.sum() / (counts > 0).sum().clamp_min(1)


@full_precision
def reconstruct_loss(decoded: Tensor, items: Tensor) -> Tensor:
    """Return the mean squared difference of decoded items to the true ones, 0 for none.

    Source: Re4, Re-construct, over the items that stand for the interest they are decoded from.
    The authors' code and its ports count the items that do not, and padding, as zeros in the mean,
    which makes it some four times smaller at the start.
    """
    return (decoded - items).square().sum() / max(decoded.numel(), 1)


class Re4Network(MultiInterestNetwork):
    """Self-attentive interests with Re-contrast, Re-attend and Re-construct.

    Where public codes differ, beside what the losses above say: the authors' compares
    `tanh(W z_k + b)` with items, but re-attends by `z_k` itself, so that attention follows a
    criterion that never recommends (`interest_output: tanh` gives their readout; here
    Re-attend always uses what recommends, temperature included); it takes a neighbour's items as
    negatives of Re-contrast even if the user has met them, as rec_pangu's port does; and it
    chooses its best epoch on the test part.
    """

    Settings = Re4Settings
    weighs_items = True
    search = search_with(recontrast_weight={"low": 0.0025, "high": 0.25, "log": True})
    published = Recipe(
        "inner products, uniform negatives without correction, the next item.\nSources: the "
        "paper, and the authors' public code with its example command for Amazon Books.",
        similarity=("inner_product", "no normalisation, no temperature [P]"),
        temperature=(1.0, "[P]"),
        num_interests=(8, "of the example command [A]"),
        routing=("target", "the target's best interest scores the negatives too [A]"),
        negative_sampling=(
            "uniform",
            "their code draws outside the batch's targets; a row's own targets are left out here "
            "[A]",
        ),
        num_negatives=(5000, "shared by the batch [A]"),
        future_window=(1, "the next item after a random cut [A]"),
        train_batch_size=(1024, "[A]"),
        learning_rate=(0.003, "[A]"),
        weight_decay=(0.000001, "[A]"),
        stopping_step=(5, "validations without a gain [D]"),
        item_gradient=("dense", "so that the decay reaches the items too [A]"),
        MAX_ITEM_LIST_LENGTH=(20, "ComiRec's for Amazon Books [A]"),
    )
    encoder: AttentiveInterests

    def __init__(self, settings: Re4Settings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = AttentiveInterests(settings)
        self.decoder = InterestDecoder(self.hidden_size, max_length=catalogue.longest_history)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the weighted backward flows; one whose weight is 0 is not computed."""
        flows = {
            "reattend": (self.settings.reattend_weight, self._reattend),
            "recontrast": (self.settings.recontrast_weight, self._recontrast),
            "reconstruct": (self.settings.reconstruct_weight, self._reconstruct),
        }
        return {name: weight * flow(step) for name, (weight, flow) in flows.items() if weight > 0}

    def _reattend(self, step: TrainingStep) -> Tensor:
        encoded: AttentiveHistories = step.encoded
        items = self.candidates(encoded.items)
        scores = history_scores(step.queries, items, temperature=self.temperature)  # (B, K, L)
        return reattend_loss(scores, encoded.log_attention, encoded.mask)

    def _recontrast(self, step: TrainingStep) -> Tensor:
        encoded: AttentiveHistories = step.encoded
        ids = step.history_ids.new_zeros(encoded.mask.shape)  # (B, L)
        ids = ids.masked_scatter(encoded.mask, step.history_ids)
        return recontrast_loss(
            encoded.interests,
            encoded.items,
            encoded.mask,
            encoded.representative(),
            encoded.items.roll(1, dims=0),
            _foreign(ids, ids.roll(1, dims=0)),
            temperature=self.settings.recontrast_temperature,
        )

    def _reconstruct(self, step: TrainingStep) -> Tensor:
        encoded: AttentiveHistories = step.encoded
        lengths = step.history.lengths
        decoded, places = self.decoder(encoded.interests, encoded.representative(), lengths)
        rows, positions = places.unbind(dim=-1)
        return reconstruct_loss(decoded, encoded.items[rows, positions])


def _foreign(own: Tensor, others: Tensor) -> Tensor:
    """Mark the items of (B, S) `others` that are no padding and not in (B, L) `own`."""
    met = torch.zeros_like(others, dtype=torch.bool)
    for column in own.unbind(dim=1):  # no (B, L, S) tensor
        met |= others == column.unsqueeze(1)
    return (others > 0) & ~met
