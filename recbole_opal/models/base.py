"""What every multi-interest network shares."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.distributed.dropout import RowDropout
from recbole_opal.interests.history import History, Repeats
from recbole_opal.interests.item_table import ItemTable
from recbole_opal.interests.recency import Recency, reads_ages, require_weighing
from recbole_opal.interests.unit import unit_length
from recbole_opal.losses.negatives import Negatives, NegativeSampler
from recbole_opal.losses.retrieval import retrieval_loss, target_columns
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import DEFAULT_TRAINING
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring
from recbole_opal.runs.weights_stage import STAGE, check_stage, decoded_stage, mark
from recbole_opal.settings.model_schemas import MultiInterestSettings

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["MultiInterestNetwork", "TrainingStep"]


@dataclass(frozen=True)
class TrainingStep:
    """What a model's losses can read of one training batch."""

    history: History  # what was encoded
    history_ids: Tensor  # (T,) int64, its items
    encoded: Any  # what `encode` gave
    queries: Tensor  # (B, K, D') float, what is compared with items
    target_ids: Tensor  # (B, W) int64, right-padded with 0, nearest first
    target_vectors: Tensor  # (B, W, D) float, zero for padding
    negatives: Negatives  # the batch's negatives
    negative_vectors: Tensor  # (M', D) float


class MultiInterestNetwork(nn.Module):
    """A user as K vectors; an item's score is the best inner product over them, or a soft best.

    A subclass says how a history becomes interests (an `encoder`, or `encode`) and which losses
    come on top (`auxiliary_losses`). Scoring, negatives, the retrieval loss and its options are
    here, so that all models are trained and served by the same rule. Nothing here knows RecBole:
    `recbole_opal.host.recommender` puts it into RecBole's place.

    Attributes:
        Settings: the settings of the model: types, ranges, defaults, meanings.
        stages: the training stages in their order.
        stage_costs: by stage how long a step takes compared with one of the first stage, roughly;
            the time left of a run is guessed by it until the stage has begun.
        published: what `--recipe=published` sets.
        search: what `--tune` may try, name to `{low, high, log}` or `{choices}`.
        training_defaults: of settings that every model has, in the yaml file of a model of ours.
        needs_times: whether the model reads `History.times`, of a class: whatever its settings.
        trains_in_parts: whether its losses are those of the joint batch where several processes
            have parts of it: means over rows are `joint_mean`, rows that others meet `joint_rows`,
            what is drawn for single rows `drawn_for_rows`. A class says it for itself: it is not
            inherited.
        weighs_items: whether `encode` counts items by `History.weigh` or `lift`, as `recency` asks.
        recency: what weighs the items of a history; None: all count alike.
        stage: the stage the model is in.
        scoring: what makes an item's score of its products with the K vectors.
        encoder: from a `History` to interests, set by the subclass unless it overrides `encode`.
        loss_names: what the parts of `calculate_loss` are, in the present stage.

    Raises:
        SettingsError: the catalogue is too small for the negatives that are asked for, or the
            model does not weigh items as `recency` asks.
    """

    Settings: ClassVar[type[MultiInterestSettings]] = MultiInterestSettings
    stages: ClassVar[tuple[str, ...]] = ("train",)
    stage_costs: ClassVar[Mapping[str, float]] = {}
    published: ClassVar[Mapping[str, Any]] = {}
    search: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    training_defaults: ClassVar[Mapping[str, Any]] = DEFAULT_TRAINING
    needs_times: bool = False
    trains_in_parts: ClassVar[bool] = False
    weighs_items: ClassVar[bool] = False
    encoder: nn.Module
    loss_names: tuple[str, ...] = ()

    def __init__(self, settings: Any, catalogue: Catalogue) -> None:
        super().__init__()
        self.settings = settings
        self.hidden_size: int = settings.hidden_size
        self.temperature: float = settings.temperature
        soft = settings.scoring == "logsumexp"
        self.scoring = Scoring(self.temperature) if soft else MAXIMUM
        self.unit_vectors: bool = settings.similarity == "cosine"
        self.stage = self.stages[0]
        self.items = ItemTable(
            catalogue.num_items,
            self.hidden_size,
            sparse=settings.item_gradient == "sparse",
            unit=self.unit_vectors,
            features=catalogue.item_features(settings),
            boosts=catalogue.boosts(settings),
            sharding=None if settings.item_table == "local" else settings.item_table,
        )
        if catalogue.item_vectors is not None:
            self.items.start_at(catalogue.item_vectors)
        self.dropout = RowDropout(settings.dropout_prob)
        require_weighing(type(self), settings.recency)
        by, longest = settings.recency, catalogue.longest_history
        self.recency = None if by == "none" else Recency(by, longest)
        self.needs_times = self.needs_times or reads_ages(by)
        self.sampler = NegativeSampler(
            catalogue.num_items,
            settings.negative_sampling,
            settings.num_negatives,
            counts=catalogue.counts,
            power=settings.popularity_power,
            correct=settings.logq_correction,
            met_only=catalogue.features is not None,
        )

    def encode(self, history: History) -> Any:
        """Turn histories into interests, (B, K, D), or into an object that `queries` reads.

        The items stand end to end; `history.padded()` is for models that attend. What asks the
        history by its methods, and lets neither values nor `len()` decide a shape, can be exported:
        it is then given a `PaddedHistory`.
        """
        return self.encoder(history)

    def queries(self, encoded: Any) -> Tensor:
        """Return what is compared with items, (B, K, D'), from what `encode` gave.

        Here: the interests themselves, at unit length where the items are.
        """
        interests: Tensor = getattr(encoded, "interests", encoded)
        return unit_length(interests) if self.unit_vectors else interests

    def mixable(self, encoded: Any) -> Tensor | None:
        """Return which interests label-aware attention may mix, (B, K) bool; None: all."""
        return None

    def candidates(self, item_vectors: Tensor) -> Tensor:
        """Return what is compared with queries, (*, D'), from item vectors (*, D)."""
        return item_vectors

    def training_views(self, batch: TrainingBatch) -> TrainingBatch:
        """Return the batch to train on; a model that compares views makes more rows of it."""
        return batch

    def retrieval(self, step: TrainingStep) -> Tensor:
        """Return the loss of the targets against the negatives, by the settings' options."""
        return retrieval_loss(
            step.queries,
            self.candidates(step.target_vectors),
            step.target_ids > 0,
            self.candidates(step.negative_vectors),
            temperature=self.temperature,
            own_columns=target_columns(step.target_ids, step.negatives.ids),
            negative_weights=step.negatives.log_weights,
            target_correction=self.sampler.target_correction(step.target_ids, step.negatives),
            routing=self.settings.routing,
            scoring=self.settings.scoring,
            hardness=self.settings.hardness,
            attention_power=self.settings.attention_power,
            mixable=self.mixable(step.encoded),
            target_decay=self.settings.target_decay,
        )

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the weighted losses beside the retrieval loss, by name."""
        return {}

    def set_stage(self, stage: str) -> None:
        """Enter a training stage, one of `stages`."""
        if stage not in self.stages:
            raise ValueError(f"{type(self).__name__} has the stages {self.stages}, not '{stage}'.")
        self.stage = stage

    def with_items(self, items: ItemTable) -> Self:
        """Return the network with another item table; all else is shared."""
        other = copy(self)
        other._modules = {**self._modules, "items": items}
        return other

    def state_dict(self, *args: Any, prefix: str = "", **kwargs: Any) -> Any:
        """Return the weights, which know their stage; see `torch.nn.Module`."""
        return mark(super().state_dict(*args, prefix=prefix, **kwargs), self.stage, prefix)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, metadata: dict[str, Any], *args: Any
    ) -> None:
        """Load weights of the stage the model stands in, and no others: torch's hook for it."""
        tensor = state_dict.pop(prefix + STAGE, None)  # of a weights file
        check_stage(metadata.get("stage") if tensor is None else decoded_stage(tensor), self)
        super()._load_from_state_dict(state_dict, prefix, metadata, *args)

    def calculate_loss(self, batch: TrainingBatch) -> tuple[Tensor, ...]:
        """Return the weighted parts of the loss; `loss_names` tells which is which."""
        batch = self.training_views(batch)
        histories, targets = batch.histories, batch.targets
        drawn = self.sampler.draw(targets)
        vectors, target_vectors, negative_vectors = self.items(histories.items, targets, drawn.ids)
        dropping = self.training and self.dropout.p > 0  # then no two vectors are the same
        vectors = self.dropout(vectors)
        repeats = None if dropping else Repeats(histories.items, vectors)
        history = History(vectors, histories.lengths, histories.times, repeats=repeats)
        history = self.weighed(history)
        encoded = self.encode(history)
        queries = self.queries(encoded)
        step = TrainingStep(
            history,
            histories.items,
            encoded,
            queries,
            targets,
            target_vectors,
            drawn,
            negative_vectors,
        )
        parts = {"retrieval": self.retrieval(step), **self.auxiliary_losses(step)}
        self.loss_names = tuple(parts)
        return tuple(parts.values())

    def interests(self, histories: Histories) -> Tensor:
        """Return the query vectors of histories, (B, K, D') float."""
        return self.queries(self.encode(self.looked_up(histories)))

    def looked_up(self, histories: Histories) -> History:
        """Return histories as the vectors of their items, without dropout."""
        (vectors,) = self.items(histories.items)
        return self.weighed(History(vectors, histories.lengths, histories.times))

    def weighed(self, history: History) -> History:
        """Return the history with the weights of its items, where the model has learned any."""
        if self.recency is None:
            return history
        return replace(history, log_weights=self.recency(history))

    def active_interests(self, histories: Histories) -> Tensor | None:
        """Return which interests each history has, (B, K) bool, at least one; None: all.

        The others repeat an active one and are left out when interests are measured.
        """
        return None

    def item_interests(self, histories: Histories) -> Tensor:
        """Return the interest that each item of histories belongs to, (T,) int64.

        Here: the best interest of its own history. A model that assigns items to interests says so
        itself.
        """
        (vectors,) = self.items(histories.items)
        queries, rows = self.interests(histories), histories.rows()
        scores = torch.einsum("tkd,td->tk", queries[rows], self.candidates(vectors))
        active = self.active_interests(histories)
        if active is not None:
            scores = scores.masked_fill(~active[rows], -torch.inf)
        return scores.argmax(dim=-1)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return the share of each history that each interest stands for, (B, K) float.

        A row sums to 1; of an empty history it is zero. Here: the share of the items that belong
        to it, by what they weigh. A model whose interests weigh items differently says so itself.
        """
        history = self.looked_up(histories)
        queries = self.queries(self.encode(history))
        chosen = functional.one_hot(self.item_interests(histories), queries.shape[1])
        counts = history.sum_by_row(history.weigh(chosen.to(queries.dtype)))
        return counts / histories.lengths.clamp_min(1).unsqueeze(-1)

    def interest_columns(self, queries: Tensor) -> Tensor:
        """Return (B, K, D) of the queries, (B, K, D'): what tells how alike interests are.

        Here: the queries. A model whose queries hold more than interests leaves that out.
        """
        return queries

    def searched(self, ids: Tensor) -> Tensor:
        """Return the vectors of (n,) ids as lists are searched by, (n, D') float."""
        return self.candidates(self.items.searched(ids))

    def item_table(self) -> Tensor:
        """Return the vectors of all items, (N, D') float; row 0 is padding."""
        return self.candidates(self.items.all())
