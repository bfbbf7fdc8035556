"""VQCodebook: the codes of one codebook, shared by all users, that a history dwells on.

Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu: Neural Discrete Representation Learning.
NeurIPS 2017, arXiv:1711.00937.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.distributed.joint import joint_ratio
from recbole_opal.errors import SettingsError
from recbole_opal.interests.codebook import Codebook, nearest_codes
from recbole_opal.interests.history import History
from recbole_opal.interests.row_products import closeness, padded_weights, weighted_sums
from recbole_opal.models.base import TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import search_with
from recbole_opal.models.shares import OwnClusters
from recbole_opal.precision import full_precision
from recbole_opal.settings.models.vqcodebook import VQCodebookSettings

__all__ = ["VQCodebookNetwork", "VQCodebookSettings", "quantisation_loss"]

_NOTHING = 1e-6  # of an item: a code that holds no more holds nothing
_TIE = 1e-3  # what closeness adds to a code's mass: codes of as many items are told apart by it


@dataclass(frozen=True)
class CodedHistories:
    """What the codebook knows of a batch."""

    # (B, K, D) float; those that a row does not have are copies of its first
    interests: Tensor
    shares: Tensor  # (B, K) float, of the items that belong to each, rows sum to 1 or are 0
    active: Tensor  # (B, K) bool, which interests a row has, at least one
    assignment: Tensor  # (T, K) float, 1 for the interest of an item, else 0
    nearest: Tensor  # (T,) int64, the code of each item, in [0, C)


@full_precision
def quantisation_loss(vectors: Tensor, codes: Tensor) -> Tensor:
    """Return the mean squared distance of (T, D) vectors and codes, 0 of none."""
    return joint_ratio((vectors - codes).square().sum(dim=-1).sum(), len(vectors))


class VQCodebookNetwork(OwnClusters):
    """Interests by the K codes of most mass; every item belongs to the nearest of these K.

    An item whose own code is not among the K goes where it is nearest, so that no part of a history
    is lost. The paper's codes are the bottleneck of an autoencoder; here the retrieval loss stands
    in the decoder's place, and with `pooling: items` no gradient needs to pass the choice. With
    `recency`, mass, means and shares weigh items; what the codebook learns does not. How evenly
    codes are used is `codebook.perplexity()`, of the weights of a run too.
    """

    Settings = VQCodebookSettings
    weighs_items = True
    trains_in_parts = True
    search = search_with(num_codes={"choices": [32, 256, 1024]})

    def __init__(self, settings: VQCodebookSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        if settings.num_codes < settings.num_interests:
            raise SettingsError(
                f"--num_codes={settings.num_codes} is less than num_interests; write "
                f"--num_codes={settings.num_interests} or more."
            )
        moving = settings.codebook_update == "moving_mean"
        self.codebook = Codebook(
            settings.num_codes,
            settings.hidden_size,
            unit=self.unit_vectors,
            decay=settings.codebook_decay if moving else None,
            least_usage=settings.least_usage,
        )

    def encode(self, history: History) -> CodedHistories:
        """Return the interests; while training, dead codes are put where items are first."""
        if self.training:
            self.codebook.replace_dead(history.vectors)
        codes = self.codebook.vectors().detach()
        nearest = nearest_codes(history.vectors.detach(), codes)
        chosen, active = self._of_most_mass(history, codes, nearest)
        own = codes[chosen]  # (B, K, D)
        vectors, _ = history.padded()
        assignment = _nearest_of(vectors, own, active)  # (B, L, K)
        held = assignment * padded_weights(history)
        mass = held.sum(dim=1)  # (B, K)
        interests = weighted_sums(held, vectors) / mass.clamp_min(_NOTHING).unsqueeze(-1)
        if self.settings.pooling == "codes":
            there = active & (history.lengths > 0).unsqueeze(-1)
            interests = interests + (own * there.unsqueeze(-1) - interests).detach()
        interests = torch.where(active.unsqueeze(-1), interests, interests[:, :1])
        shares = mass / mass.sum(dim=-1, keepdim=True).clamp_min(_NOTHING)
        flat = assignment[history.rows, history.columns()]
        return CodedHistories(interests, shares, active, flat, nearest)

    def _of_most_mass(
        self, history: History, codes: Tensor, nearest: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return each row's K codes, (B, K) int64, and which of them hold something, (B, K) bool.

        Codes of as many items are taken in the order of how near the items are, whatever the order
        of these.
        """
        with torch.no_grad():
            weights = padded_weights(history).squeeze(-1)  # (B, L)
            gaps = (history.vectors - codes[nearest]).square().sum(dim=-1, keepdim=True)
            near = weights * history.pad(1 / (1 + gaps)).squeeze(-1)
            places = history.pad(nearest.unsqueeze(-1)).squeeze(-1)
            nothing = weights.new_zeros(history.num_rows, len(codes))
            mass, near = (nothing.scatter_add(1, places, each) for each in (weights, near))
            ranks = mass + _TIE * near / mass.clamp_min(_NOTHING)
            best, chosen = ranks.topk(self.settings.num_interests, dim=-1)
            active = best > _NOTHING
            first = torch.arange(active.shape[1], device=active.device) == 0
            return chosen, active | first

    def queries(self, encoded: CodedHistories) -> Tensor:
        """Return the interests, with their prior as one more dimension where it is asked for."""
        return self.with_prior(super().queries(encoded), encoded.shares)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the commitment of items to codes, and of codes to items if these are parameters.

        Source: VQ-VAE, equation 3; there the distances are of one vector each, here means over the
        items of the batch. Codes that are moving means move after the losses.
        """
        encoded: CodedHistories = step.encoded
        vectors = step.history.vectors
        own = self.codebook.vectors()[encoded.nearest]  # (T, D)
        commitment = quantisation_loss(vectors, own.detach())
        parts = {"commitment": self.settings.commitment_weight * commitment}
        if self.codebook.decay is None:
            parts["codebook"] = quantisation_loss(vectors.detach(), own)
        if self.training:
            self.codebook.count(vectors.detach(), encoded.nearest)
        return parts


def _nearest_of(vectors: Tensor, own: Tensor, active: Tensor) -> Tensor:
    """Return to which of its row's codes each item belongs, (B, L, K) float of 0 and 1.

    Of (B, L, D) vectors, (B, K, D) codes and (B, K) bool, which of them the row has.
    """
    with torch.no_grad():
        near = closeness(vectors, own).masked_fill(~active.unsqueeze(1), -torch.inf)
        one: Tensor = functional.one_hot(near.argmax(dim=-1), own.shape[1])
        return one.to(vectors.dtype)
