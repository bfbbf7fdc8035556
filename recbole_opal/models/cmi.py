"""CMI: interests by orthogonal categories, made robust by contrasting two halves of a history.

Beibei Li, Beihong Jin, Jiageng Song, Yisong Yu, Yiyuan Zheng, Wei Zhuo: Improving Micro-video
Recommendation via Contrastive Multiple Interests. SIGIR 2022, arXiv:2205.09593.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.distributed.draws import drawn_for_rows
from recbole_opal.distributed.joint import joint_mean
from recbole_opal.distributed.rows import greatest
from recbole_opal.interests.assignment import AssignedHistories, CategoryEncoder
from recbole_opal.interests.history import History
from recbole_opal.interests.subsequences import SubsequenceGRU
from recbole_opal.interests.unit import unit_length
from recbole_opal.losses.contrastive import agreement_losses
from recbole_opal.losses.regularisers import category_shares, orthogonality_loss, uniformity_loss
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import Recipe, search_with
from recbole_opal.settings.models.cmi import CMISettings

__all__ = [
    "CMINetwork",
    "CMISettings",
    "GeneralInterest",
    "GeneralisedEncoder",
    "split_in_halves",
    "view_contrast",
]


class GeneralInterest(nn.Module):
    """One vector a user that reads the whole history in order: `g`.

    Source: CMI: GRU over the full history -> linear -> ReLU -> unit length. A single layer
    without bias, as in the hard stage of OPAL by the same authors.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.recurrence = SubsequenceGRU(width)
        self.output = nn.Linear(width, width)

    def forward(self, history: History) -> Tensor:
        """Return (B, 1, D) float, unit length, or zero where the ReLU leaves nothing."""
        states = self.recurrence(history, torch.zeros_like(history.rows), 1)  # (B, 1, D)
        return unit_length(self.output(states).relu())


class GeneralisedEncoder(CategoryEncoder):
    """`u_j = normalize(z_j + g)`: the soft interest of category j and the general interest."""

    def __init__(self, settings: CMISettings) -> None:
        super().__init__(settings.num_interests, settings.hidden_size, settings.temperature)
        self.general = GeneralInterest(settings.hidden_size)

    def forward(self, history: History) -> AssignedHistories:
        """Encode histories of unit vectors."""
        _, soft = self.sort(history)
        return replace(soft, interests=unit_length(soft.interests + self.general(history)))


def view_contrast(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Return CMI's contrastive multi-interest loss between two views of the same users.

    A pair is interest k of user b in both views; the negatives are all other (user, interest)
    pairs of the other view, other interests of the same user among them. Both directions count
    alike: their mean, where the authors' code takes the sum, twice as much.
    """
    one, other = one.flatten(0, 1), other.flatten(0, 1)  # (B K, D)
    there = agreement_losses(one, other, temperature)
    back = agreement_losses(other, one, temperature)
    return joint_mean(there + back) / 2


def split_in_halves(histories: Histories, *, shortest: int = 6) -> Histories:
    """Part each history at random in two halves, both in time order.

    Source: CMI. A history of at most `shortest` items is given to both views whole. The authors'
    code shuffles the first half; here both keep their order, which the GRU reads. Drawn from
    the default generator of the device, which a run's state holds, so that a resumed run draws
    the same halves.

    Returns:
        2 B rows: the halves of each row side by side. Of an odd number the second half is the
        longer one.
    """
    lengths = histories.lengths.unsqueeze(1)  # (B, 1)
    width = greatest(int(lengths.max()) if len(lengths) else 0)
    filled = torch.arange(width, device=lengths.device) < lengths  # (B, L)
    keys = drawn_for_rows(len(lengths), lambda rows: torch.rand(rows, width, device=filled.device))
    ranks = keys.masked_fill(~filled, 2.0).argsort(dim=1).argsort(dim=1)
    whole = lengths <= shortest
    first = filled & (whole | (ranks < lengths // 2))
    second = filled & (whole | (ranks >= lengths // 2))
    halves = torch.stack([first, second], dim=1)  # (B, 2, L)

    def halved(values: Tensor) -> Tensor:
        padded = values.new_zeros(filled.shape).masked_scatter(filled, values)  # (B, L)
        return padded.unsqueeze(1).expand(halves.shape)[halves]

    times = None if histories.times is None else halved(histories.times)
    return Histories(halved(histories.items), halves.sum(dim=2).flatten(), times)


class CMINetwork(MultiInterestNetwork):
    """Soft interests, each with the user's general interest, trained on two views of a history.

    Both views are rows of the retrieval loss too. Where public codes differ: the authors' code
    shuffles one of the views, draws a target of its own for each view (here both have the row's
    up to W targets) and keeps a target among the negatives; a port in rec_pangu has no views and
    takes neighbouring users for them. With `recency`, the soft interests weigh items, by their
    place in the half that they are in; the general interest, a GRU, does not.
    """

    Settings = CMISettings
    weighs_items = True
    trains_in_parts = True
    search = search_with(contrastive_weight={"low": 0.002, "high": 0.6, "log": True})
    published = Recipe(
        "the authors' loss is the default one, for their later OPAL took it over. They draw one "
        "target from all that follows, where the up to W nearest count here; they cut at 6 items "
        "or later, and halve up to twice the length of a history.\n"
        "Source: the authors' public code with its WeChat settings.",
        temperature=(0.1, "[A]"),
        future_window=(20, "[D]"),
        num_negatives=(1024, "[D]"),
        train_batch_size=(1024, "[A]"),
        learning_rate=(0.001, "[A]"),
        stopping_step=(10, "validations without a gain [A]"),
        MAX_ITEM_LIST_LENGTH=(100, "[A]"),
    )
    encoder: GeneralisedEncoder

    def __init__(self, settings: CMISettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = GeneralisedEncoder(settings)

    def training_views(self, batch: TrainingBatch) -> TrainingBatch:
        """Return 2 B rows: the two halves of each history, one after the other."""
        targets = batch.targets.repeat_interleave(2, dim=0)
        return TrainingBatch(split_in_halves(batch.histories), targets)

    def queries(self, encoded: AssignedHistories) -> Tensor:
        """Return the interests, (B, K, D), of unit length whatever the items are."""
        return encoded.interests

    def item_interests(self, histories: Histories) -> Tensor:
        """Return the category that each item is assigned to most, (T,) int64."""
        _, sorted_items = self.encoder.sort(self.looked_up(histories))
        return sorted_items.assignment.argmax(dim=-1)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return each category's share of the history, (B, K)."""
        history = self.looked_up(histories)
        _, sorted_items = self.encoder.sort(history)
        mass = history.sum_by_row(history.weigh(sorted_items.assignment))  # (B, K)
        return mass / histories.lengths.clamp_min(1).unsqueeze(-1)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return orthogonality and uniformity of the categories, and the views' contrast."""
        encoded: AssignedHistories = step.encoded
        weights = self.settings
        one, other = encoded.interests[::2], encoded.interests[1::2]  # (B, K, D) each
        return {
            "orthogonality": weights.orthogonality_weight
            * orthogonality_loss(self.encoder.unit_categories()),
            "uniformity": weights.uniformity_weight
            * uniformity_loss(category_shares(encoded.assignment)),
            "contrastive": weights.contrastive_weight
            * view_contrast(one, other, weights.contrastive_temperature),
        }
