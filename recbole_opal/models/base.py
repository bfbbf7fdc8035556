"""What every multi-interest model of this library shares."""

from __future__ import annotations

from typing import Any

import torch
from recbole.model.abstract_recommender import SequentialRecommender
from recbole.utils import InputType
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.data.loaders import FUTURE_ITEMS
from recbole_opal.interests.history import History
from recbole_opal.interests.item_table import ItemTable
from recbole_opal.losses.negatives import NegativeSampler
from recbole_opal.losses.retrieval import retrieval_loss, target_columns

__all__ = ["MultiInterestRecommender"]


class MultiInterestRecommender(SequentialRecommender):
    """A user as K vectors; an item's score is the best inner product over them.

    A subclass says how a history becomes interests (an `encoder`, or `encode`) and which
    losses come on top (`auxiliary_losses`). Scoring, negatives, the retrieval loss and its
    options are here, so that all models are trained and served by the same rule.

    Args:
        config: the settings of the run.
        dataset: the training dataset.

    Attributes:
        stages: the training stages in their order.
        stage: the stage the model is in.
        encoder: from a `History` to interests, set by the subclass unless it overrides `encode`.
        loss_names: what the parts of `calculate_loss` are, in the present stage.
    """

    input_type = InputType.POINTWISE
    stages: tuple[str, ...] = ("train",)
    encoder: nn.Module

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.hidden_size: int = config["hidden_size"]
        self.temperature: float = config["temperature"]
        self.routing = config["routing"]
        self.stage = self.stages[0]
        self.items = ItemTable(
            self.n_items, self.hidden_size, sparse=config["item_gradient"] == "sparse"
        )
        self.dropout = nn.Dropout(config["dropout_prob"])
        self.sampler = NegativeSampler(
            self.n_items,
            config["negative_sampling"],
            config["num_negatives"],
            counts=_item_counts(dataset, self.ITEM_ID, self.n_items),
            power=config["popularity_power"],
            correct=config["logq_correction"],
        )

    def encode(self, history: History) -> Any:
        """Turn histories into interests, (B, K, D), or into an object that `queries` reads.

        Here: what the subclass's `encoder` gives.

        Args:
            history: the batch's items end to end; `history.padded()` for models that attend.
        """
        return self.encoder(history)

    def queries(self, encoded: Any) -> Tensor:
        """Return what is compared with item vectors, (B, K, D'), from what `encode` gave.

        Here: the interests themselves, (B, K, D), at unit length like the items.
        """
        return functional.normalize(encoded, dim=-1)

    def candidates(self, item_vectors: Tensor) -> Tensor:
        """Return what is compared with queries, (*, D'), from item vectors (*, D)."""
        return item_vectors

    def auxiliary_losses(self, encoded: Any) -> dict[str, Tensor]:
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

    def calculate_loss(self, interaction: Any) -> tuple[Tensor, ...]:
        """Return the weighted parts of the loss; `loss_names` tells which is which."""
        places, targets = interaction[self.ITEM_SEQ], interaction[FUTURE_ITEMS]
        drawn = self.sampler.draw(places.device)
        filled = places > 0  # (B, L)
        vectors, target_vectors, negative_vectors = self.items(places[filled], targets, drawn.ids)
        encoded = self.encode(_lay_out(self.dropout(vectors), filled))
        retrieval = retrieval_loss(
            self.queries(encoded),
            self.candidates(target_vectors),
            targets > 0,
            self.candidates(negative_vectors),
            temperature=self.temperature,
            own_columns=target_columns(targets, drawn.ids),
            negative_weights=drawn.log_weights,
            target_correction=self.sampler.target_correction(targets),
            routing=self.routing,
        )
        parts = {"retrieval": retrieval, **self.auxiliary_losses(encoded)}
        self.loss_names = tuple(parts)
        return tuple(parts.values())

    def interests(self, interaction: Any) -> Tensor:
        """Return the query vectors of a batch of histories, (B, K, D') float."""
        places = interaction[self.ITEM_SEQ]
        filled = places > 0  # (B, L)
        (vectors,) = self.items(places[filled])
        return self.queries(self.encode(_lay_out(vectors, filled)))

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


def _lay_out(vectors: Tensor, filled: Tensor) -> History:
    """Return as a history the (T, D) vectors of the places that are filled in (B, L)."""
    return History(vectors, filled.nonzero()[:, 0], len(filled))


def _item_counts(dataset: Any, item_field: str, num_items: int) -> Tensor:
    """Count the training interactions of each item, (N,) int64."""
    return torch.bincount(dataset.inter_feat[item_field], minlength=num_items)
