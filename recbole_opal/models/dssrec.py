"""DSSRec: interests as intentions, which learn from the future as a whole.

Jianxin Ma, Chang Zhou, Hongxia Yang, Peng Cui, Xin Wang, Wenwu Zhu: Disentangled Self-Supervision
in Sequential Recommenders. KDD 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.batches import Histories
from recbole_opal.distributed.joint import joint_mean, joint_rows
from recbole_opal.distributed.rows import joined_rows, place_of_rows
from recbole_opal.errors import SettingsError
from recbole_opal.interests.assignment import AssignedHistories
from recbole_opal.interests.causal_transformer import CausalTransformer
from recbole_opal.interests.history import History
from recbole_opal.interests.length_groups import group_by_length
from recbole_opal.interests.padded_history import PaddedHistory
from recbole_opal.losses.contrastive import agreement_losses
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import Recipe, search_with
from recbole_opal.precision import full_precision
from recbole_opal.settings.models.dssrec import DSSRecSettings

__all__ = [
    "DSSRecNetwork",
    "DSSRecSettings",
    "IntentionEncoder",
    "seq2item_loss",
    "seq2seq_loss",
]

_ROWS_TOGETHER = 128  # few enough that histories of a group are about equally long


@dataclass(frozen=True)
class IntentHistories(AssignedHistories):
    """Interests `phi`, not of unit length, and how they came about."""

    importance: Tensor  # (T,) float, sums to 1 over the items of a history


class IntentionEncoder(nn.Module):
    """`phi_k = norm(beta_k + sum_t p_(k|t) p_t z_t)` of transformer states z.

    With `norm` layer normalisations of their own and a_t learnt positions:
    `p_(k|t) = softmax_k(norm(z_t) . norm(c_k) / sqrt(D))` sorts items by K prototypes c;
    `p_t = softmax_t(key_t . query / sqrt(D))` weighs them, with
    `key_t = x + relu(W x + b)` of `x = norm(a_t + z_t)` and
    `query = norm(b' + a_n + z_n)` of the last item n. A public unofficial code lets padding
    take its share of `p_t`. Weights of a history come into the softmax of `p_t` as logarithms.
    """

    def __init__(self, settings: DSSRecSettings, max_length: int) -> None:
        super().__init__()
        num_interests, width = settings.num_interests, settings.hidden_size
        self.states = CausalTransformer(
            width,
            max_length,
            layers=settings.transformer_layers,
            heads=settings.transformer_heads,
            inner=settings.transformer_inner_size,
            dropout=settings.transformer_dropout,
        )
        self.scale = width**-0.5
        self.prototypes = nn.Parameter(torch.empty(num_interests, width))
        self.priors = nn.Parameter(torch.empty(num_interests, width))
        self.positions = nn.Parameter(torch.empty(max_length, width))
        for parameter in (self.prototypes, self.priors, self.positions):
            nn.init.normal_(parameter, std=self.scale)
        self.query_bias = nn.Parameter(torch.zeros(width))
        self.key = nn.Linear(width, width)
        self.state_norm, self.prototype_norm, self.key_norm, self.query_norm, self.output_norm = (
            nn.LayerNorm(width) for _ in range(5)
        )

    def forward(self, history: History) -> IntentHistories:
        """Encode histories of 1 to L items."""
        if isinstance(history, PaddedHistory):  # as it is: no groups
            interests, *spread = self._encode_padded(history)
            return IntentHistories(interests, *(each.flatten(0, 1) for each in spread))
        groups, owners, places = zip(*group_by_length(history, _ROWS_TOGETHER), strict=True)
        parts = [self._encode_group(group) for group in groups]
        rows, positions = torch.cat(owners).argsort(), torch.cat(places).argsort()
        interests, assignment, importance = (torch.cat(each) for each in zip(*parts, strict=True))
        return IntentHistories(interests[rows], assignment[positions], importance[positions])

    def assign(self, states: Tensor) -> Tensor:
        """Return `p_(k|t)`, (B, L, K), of states (B, L, D)."""
        prototypes = self.prototype_norm(self.prototypes)  # (K, D)
        logits: Tensor = self.state_norm(states) @ prototypes.T * self.scale
        return logits.softmax(dim=-1)

    def weigh(self, states: Tensor, mask: Tensor, log_weights: Tensor | None = None) -> Tensor:
        """Return `p_t`, (B, L), of states (B, L, D) where the (B, L) bool mask holds."""
        placed = states + self.positions[: states.shape[1]]
        inputs = self.key_norm(placed)
        keys = inputs + self.key(inputs).relu()  # (B, L, D)
        last = (mask.sum(dim=1) - 1).clamp_min(0)  # (B,)
        newest = placed[torch.arange(last.shape[0], device=last.device), last]  # (B, D)
        query = self.query_norm(self.query_bias + newest)
        logits: Tensor = torch.einsum("bld,bd->bl", keys, query) * self.scale
        logits = logits if log_weights is None else logits + log_weights
        floor = torch.finfo(logits.dtype).min
        importance: Tensor = logits.masked_fill(~mask, floor).softmax(dim=-1) * mask
        return importance

    def _encode_group(self, history: History) -> tuple[Tensor, Tensor, Tensor]:
        """Return interests (B, K, D), assignment (T, K) and importance (T,)."""
        interests, assignment, importance = self._encode_padded(history)
        return interests, assignment[history.mask], importance[history.mask]

    def _encode_padded(self, history: History) -> tuple[Tensor, Tensor, Tensor]:
        """Return interests (B, K, D), assignment (B, L, K) and importance (B, L)."""
        vectors, mask = history.padded()
        states = self.states(vectors)  # (B, L, D)
        assignment = self.assign(states)  # (B, L, K)
        # (B, L), 0 for padding
        importance = self.weigh(states, mask, history.padded_log_weights())
        weighted = assignment * importance.unsqueeze(-1)
        pooled = torch.einsum("blk,bld->bkd", weighted, states)
        return self.output_norm(self.priors + pooled), assignment, importance


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
    logits = interests @ joint_rows(targets).T / temperature  # (B, K, B'), B' of all processes
    before, _ = place_of_rows(len(target_ids))
    numbers = torch.arange(len(target_ids), device=target_ids.device)
    columns = (before + numbers).unsqueeze(1)  # (B, 1)
    same = target_ids.unsqueeze(1) == joined_rows(target_ids)  # (B, B')
    same = same.scatter(1, columns, value=False)
    places = columns.unsqueeze(1).expand(-1, logits.shape[1], 1)
    own = logits.gather(2, places).amax(dim=(1, 2))  # (B,)
    floor = torch.finfo(logits.dtype).min
    logits = logits.masked_fill(same.unsqueeze(1), floor)
    return joint_mean(logits.flatten(1).logsumexp(dim=-1) - own)


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
    losses = joint_rows(losses)  # which are best predicted is told of all
    kept = math.ceil(kept_share * len(losses))
    return losses.topk(kept, largest=False).values.mean()


class DSSRecNetwork(MultiInterestNetwork):
    """Transformer states sorted by intention; each predicts its own future.

    The future is the row's targets, up to W, read backwards, `x_(T:t+1)`: the nearest one is the
    last and gives the query. An official code was not found; where the unofficial one differs is
    said at each part (`IntentionEncoder`, `seq2item_loss`, `seq2seq_loss`). Besides, its past and
    its future have each their own prior vectors beta, and its transformer normalises behind each
    part.

    Raises:
        SettingsError: the width cannot be shared out among the attention heads.
    """

    Settings = DSSRecSettings
    weighs_items = True
    trains_in_parts = True
    search = search_with(seq2seq_weight={"low": 0.01, "high": 3.0, "log": True})
    published = Recipe(
        "inner products over sqrt(D), the other rows' next items as negatives, all interests in "
        "the sum.\nSource: the paper; sizes of its runs are not known to us and stay as above.",
        similarity=("inner_product", "[P]"),
        temperature=(8.0, "sqrt(hidden_size), to be changed with it [P]"),
        future_window=(20, "[D]"),
        num_negatives=(1024, "[D]"),
        learning_rate=(0.001, "[D]"),
        weight_decay=(0.0, "[D]"),
        stopping_step=(5, "validations without a gain [D]"),
        MAX_ITEM_LIST_LENGTH=(100, "[D]"),
        seq2item=("next_item", "[P]"),
    )
    encoder: IntentionEncoder

    def __init__(self, settings: DSSRecSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        heads = settings.transformer_heads
        if self.hidden_size % heads != 0:
            raise SettingsError(
                f"--transformer_heads={heads} does not divide --hidden_size={self.hidden_size}; "
                "write --transformer_heads=1 or another divisor."
            )
        longest = max(catalogue.longest_history, settings.future_window)  # both are encoded
        self.encoder = IntentionEncoder(settings, longest)

    def retrieval(self, step: TrainingStep) -> Tensor:
        """Return the shared retrieval loss, or the paper's for the next item."""
        if self.settings.seq2item == "retrieval":
            return super().retrieval(step)
        known = step.target_ids[:, 0] > 0  # (B,), the rows that have targets
        if _of_all(known) == 0:
            return 0.0 * step.queries.sum()
        return seq2item_loss(
            step.queries[known],
            self.candidates(step.target_vectors[known, 0]),
            step.target_ids[known, 0],
            temperature=self.temperature,
        )

    def item_interests(self, histories: Histories) -> Tensor:
        """Return the intention that each item is assigned to most, (T,) int64."""
        encoded: IntentHistories = self.encoder(self.looked_up(histories))
        return encoded.assignment.argmax(dim=-1)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return each intention's share of the history, (B, K), by what items matter to it."""
        history = self.looked_up(histories)
        encoded: IntentHistories = self.encoder(history)
        return history.sum_by_row(encoded.assignment * encoded.importance.unsqueeze(-1))

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the sequence-to-sequence loss."""
        if self.settings.seq2seq_weight == 0:  # the future need not be encoded
            return {}
        filled = (step.target_ids > 0).flip(1)  # (B, W), the nearest last
        lengths = filled.sum(dim=1)
        known = lengths > 0  # a row without targets has no future to agree with
        if _of_all(known) == 0:
            return {"seq2seq": 0.0 * step.queries.sum()}
        future = History(step.target_vectors.flip(1)[filled], lengths[known])
        loss = seq2seq_loss(
            step.encoded.interests[known],
            self.encoder(future).interests,
            temperature=self.hidden_size**0.5,
            kept_share=self.settings.seq2seq_share,
        )
        return {"seq2seq": self.settings.seq2seq_weight * loss}


def _of_all(rows: Tensor) -> int:
    """Return how many of (B,) bool rows hold, in all processes: they go one way together."""
    return place_of_rows(int(rows.sum()))[1]
