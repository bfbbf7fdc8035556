"""What every multi-interest model of this library shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from recbole.model.abstract_recommender import SequentialRecommender
from recbole.utils import InputType
from torch import Tensor, nn

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.interests.history import History
from recbole_opal.interests.item_table import ItemTable
from recbole_opal.interests.unit import unit_length
from recbole_opal.losses.negatives import Negatives, NegativeSampler
from recbole_opal.losses.retrieval import retrieval_loss, target_columns
from recbole_opal.runs.weights_stage import STAGE, check_stage, decoded_stage, mark

__all__ = ["FUTURE_ITEMS", "MultiInterestRecommender", "TrainingStep"]

FUTURE_ITEMS = "future_items"
"""Field of the future targets in an interaction: (B, <= W) int64, right-padded with 0."""


@dataclass(frozen=True)
class TrainingStep:
    """What a model's losses can read of one training batch.

    Attributes:
        history: what was encoded.
        history_ids: (T,) int64, its items.
        encoded: what `encode` gave.
        queries: (B, K, D') float, what is compared with items.
        target_ids: (B, W) int64, right-padded with 0, nearest first.
        target_vectors: (B, W, D) float, zero for padding.
        negatives: the batch's negatives.
        negative_vectors: (M', D) float.
    """

    history: History
    history_ids: Tensor
    encoded: Any
    queries: Tensor
    target_ids: Tensor
    target_vectors: Tensor
    negatives: Negatives
    negative_vectors: Tensor


class MultiInterestRecommender(SequentialRecommender):
    """A user as K vectors; an item's score is the best inner product over them.

    A subclass says how a history becomes interests (an `encoder`, or `encode`) and which
    losses come on top (`auxiliary_losses`). Scoring, negatives, the retrieval loss and its
    options are here, so that all models are trained and served by the same rule. What tells a
    model's `published` recipe from the `shared` one is settings alone: its yaml lists them.

    Args:
        config: the settings of the run.
        dataset: the training dataset.

    Attributes:
        stages: the training stages in their order.
        stage: the stage the model is in.
        encoder: from a `History` to interests, set by the subclass unless it overrides `encode`.
        loss_names: what the parts of `calculate_loss` are, in the present stage.
        needs_times: whether the model reads `History.times`.

    Raises:
        SettingsError: the catalogue is too small for the negatives that are asked for.
    """

    input_type = InputType.POINTWISE
    stages: tuple[str, ...] = ("train",)
    needs_times = False
    encoder: nn.Module

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.TIME_SEQ: str = config["TIME_FIELD"] + config["LIST_SUFFIX"]  # RecBole's style
        self.hidden_size: int = config["hidden_size"]
        self.temperature: float = config["temperature"]
        self.routing = config["routing"]
        self.hardness: float = config["hardness"]
        self.attention_power: float = config["attention_power"]
        self.unit_vectors = config["similarity"] == "cosine"
        self.stage = self.stages[0]
        self.items = ItemTable(
            self.n_items,
            self.hidden_size,
            sparse=config["item_gradient"] == "sparse",
            unit=self.unit_vectors,
        )
        self.dropout = nn.Dropout(config["dropout_prob"])
        self.sampler = _negative_sampler(config, _item_counts(dataset, self.ITEM_ID, self.n_items))

    def encode(self, history: History) -> Any:
        """Turn histories into interests, (B, K, D), or into an object that `queries` reads.

        Here: what the subclass's `encoder` gives.

        Args:
            history: the batch's items end to end; `history.padded()` for models that attend.
        """
        return self.encoder(history)

    def queries(self, encoded: Any) -> Tensor:
        """Return what is compared with item vectors, (B, K, D'), from what `encode` gave.

        Here: the interests themselves, (B, K, D), at unit length where the items are.
        """
        return unit_length(encoded) if self.unit_vectors else encoded

    def mixable(self, encoded: Any) -> Tensor | None:
        """Return which interests label-aware attention may mix, (B, K) bool; None: all."""
        return None

    def candidates(self, item_vectors: Tensor) -> Tensor:
        """Return what is compared with queries, (*, D'), from item vectors (*, D)."""
        return item_vectors

    def training_views(self, batch: Any) -> Any:
        """Return the batch to train on; here: the batch itself.

        A model that compares several views of a history makes more rows of it.

        Args:
            batch: RecBole's interaction with histories, their lengths and future items.
        """
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
            routing=self.routing,
            hardness=self.hardness,
            attention_power=self.attention_power,
            mixable=self.mixable(step.encoded),
        )

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the weighted losses beside the retrieval loss, by name."""
        return {}

    def set_stage(self, stage: str) -> None:
        """Enter a training stage.

        Args:
            stage: one of `stages`.
        """
        if stage not in self.stages:
            raise ValueError(f"{type(self).__name__} has the stages {self.stages}, not '{stage}'.")
        self.stage = stage

    def state_dict(self, *args: Any, prefix: str = "", **kwargs: Any) -> Any:
        """Return the weights, which know their stage; see `torch.nn.Module`."""
        return mark(super().state_dict(*args, prefix=prefix, **kwargs), self.stage, prefix)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, metadata: dict[str, Any], *args: Any
    ) -> None:
        """Load weights of the stage the model stands in, and no others: torch's hook for it.

        Raises:
            CheckpointError: the weights are of another stage; nothing of the model has changed.
        """
        tensor = state_dict.pop(prefix + STAGE, None)  # of a weights file
        check_stage(metadata.get("stage") if tensor is None else decoded_stage(tensor), self)
        super()._load_from_state_dict(state_dict, prefix, metadata, *args)

    def calculate_loss(self, interaction: Any) -> tuple[Tensor, ...]:
        """Return the weighted parts of the loss; `loss_names` tells which is which."""
        batch = self.training_views(interaction)
        if isinstance(batch, TrainingBatch):
            histories, targets = batch.histories, batch.targets
        else:
            histories, targets = self._flat(batch), batch[FUTURE_ITEMS]
        drawn = self.sampler.draw(targets)
        vectors, target_vectors, negative_vectors = self.items(histories.items, targets, drawn.ids)
        history = self._lay_out(histories, self.dropout(vectors))
        encoded = self.encode(history)
        step = TrainingStep(
            history,
            histories.items,
            encoded,
            self.queries(encoded),
            targets,
            target_vectors,
            drawn,
            negative_vectors,
        )
        parts = {"retrieval": self.retrieval(step), **self.auxiliary_losses(step)}
        self.loss_names = tuple(parts)
        return tuple(parts.values())

    def interests(self, interaction: Any) -> Tensor:
        """Return the query vectors of a batch of histories, (B, K, D') float."""
        histories = self._flat(interaction)
        (vectors,) = self.items(histories.items)
        return self.queries(self.encode(self._lay_out(histories, vectors)))

    def active_interests(self, interaction: Any) -> Tensor | None:
        """Return which interests each history has, (B, K) bool, at least one; None: all.

        The others repeat an active one and are left out when interests are measured.

        Args:
            interaction: as `interests` takes it.
        """
        return None

    def interest_columns(self, queries: Tensor) -> Tensor:
        """Return (B, K, D) of the queries, (B, K, D'): what tells how alike interests are.

        Here: the queries. A model whose queries hold more than interests leaves that out.
        """
        return queries

    def item_table(self) -> Tensor:
        """Return the vectors of all items, (N, D') float; row 0 is padding."""
        return self.candidates(self.items.all())

    def predict(self, interaction: Any) -> Tensor:
        """Return the score of each row's item, (B,) float."""
        (vectors,) = self.items(interaction[self.ITEM_ID])
        scores = torch.einsum("bkd,bd->bk", self.interests(interaction), self.candidates(vectors))
        return scores.amax(dim=-1)

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """Return all scores, (B, N) float, for RecBole code that needs the whole matrix.

        This library's evaluator never calls it: it asks for `interests` and `item_table`.
        """
        interests, table = self.interests(interaction), self.item_table()
        best = interests[:, 0] @ table.T  # (B, N)
        for number in range(1, interests.shape[1]):
            best = torch.maximum(best, interests[:, number] @ table.T)
        return best

    def _flat(self, batch: Any) -> Histories:
        """Return histories, which RecBole's interactions hold padded."""
        if isinstance(batch, Histories):
            return batch
        if self.needs_times and self.TIME_SEQ not in batch:
            raise DataError(
                f"{type(self).__name__} reads when each item was met; put '{self.TIME_SEQ}', a "
                "float64 tensor shaped like the histories, into the interaction."
            )
        times = batch[self.TIME_SEQ] if self.needs_times else None
        return Histories.from_padded(batch[self.ITEM_SEQ], times)

    def _lay_out(self, histories: Histories, vectors: Tensor) -> History:
        times = histories.times if self.needs_times else None
        return History(vectors, histories.rows(), len(histories), times)

    def _padded(self, histories: Any) -> Tensor:
        """Return (B, L) ids, right-padded with 0."""
        if not isinstance(histories, Histories):
            places: Tensor = histories[self.ITEM_SEQ]
            return places
        lengths = histories.lengths
        filled = torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]
        return lengths.new_zeros(filled.shape).masked_scatter(filled, histories.items)


def _negative_sampler(config: Any, counts: Tensor) -> NegativeSampler:
    num_items, wanted = len(counts), config["num_negatives"]
    if config["negative_sampling"] == "log_uniform" and wanted >= num_items:
        raise SettingsError(
            f"--num_negatives={wanted} different items cannot be drawn from {num_items - 1}; write "
            f"--num_negatives={(num_items - 1) // 2} or --negative_sampling=full."
        )
    return NegativeSampler(
        num_items,
        config["negative_sampling"],
        wanted,
        counts=counts,
        power=config["popularity_power"],
        correct=config["logq_correction"],
    )


def _item_counts(dataset: Any, item_field: str, num_items: int) -> Tensor:
    """Count the training interactions of each item, (N,) int64."""
    return torch.bincount(dataset.inter_feat[item_field], minlength=num_items)
