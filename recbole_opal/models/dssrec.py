"""DSSRec: interests as intentions, which learn from the future as a whole.

Jianxin Ma, Chang Zhou, Hongxia Yang, Peng Cui, Xin Wang, Wenwu Zhu: Disentangled Self-Supervision
in Sequential Recommenders. KDD 2020.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from recbole_opal.errors import SettingsError
from recbole_opal.interests.history import History
from recbole_opal.interests.intentions import IntentionEncoder
from recbole_opal.interests.transformer import CausalTransformer
from recbole_opal.losses.future import seq2item_loss, seq2seq_loss
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, Recipe, search_with
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LOSSES, MultiInterestSettings, setting, weight

__all__ = ["DSSRecNetwork", "DSSRecSettings"]


class DSSRecSettings(MultiInterestSettings):
    """DSSRec: Disentangled Self-Supervision in Sequential Recommenders (Ma et al., KDD 2020)."""

    num_interests: int = setting(
        4, "number K of intentions and of interests a user [D]", ge=1, le=64
    )
    transformer_layers: int = setting(2, "self-attention layers; as in SASRec [D]", ge=1, le=16)
    transformer_heads: int = setting(
        2, "attention heads; a divisor of hidden_size [D]", ge=1, le=64
    )
    transformer_inner_size: int = setting(
        64, "width of the feed-forward parts; hidden_size as in SASRec [D]", ge=1, le=65536
    )
    transformer_dropout: Finite = setting(
        0.0, "share of entries dropped inside the layers [D]", ge=0, lt=1
    )
    seq2item: Literal["retrieval", "next_item"] = setting(
        "retrieval",
        "the retrieval loss below, or the paper's over the next items of the batch [D]",
        under=LOSSES,
    )
    seq2seq_weight: Finite = weight(1.0, "weight of the agreement with the future [D]")
    seq2seq_share: Finite = setting(
        0.5, "lambda, share of the best predicted pairs that count [D]", under=LOSSES, gt=0, le=1
    )


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
    search = search_with(seq2seq_weight={"low": 0.01, "high": 3.0, "log": True})
    shared_defaults = OPALS_TRAINING
    published = Recipe(
        "inner products over sqrt(D), the other rows' next items as negatives, all interests in "
        "the sum.\nSource: the paper; sizes of its runs are not known to us and stay as above.",
        similarity=("inner_product", "[P]"),
        temperature=(8.0, "sqrt(hidden_size), to be changed with it [P]"),
        weight_decay=(0.0, "[D]"),
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
        states = CausalTransformer(
            self.hidden_size,
            max_length=longest,
            layers=settings.transformer_layers,
            heads=heads,
            inner_width=settings.transformer_inner_size,
            dropout=settings.transformer_dropout,
        )
        self.encoder = IntentionEncoder(
            settings.num_interests, self.hidden_size, states=states, max_length=longest
        )

    def retrieval(self, step: TrainingStep) -> Tensor:
        """Return the shared retrieval loss, or the paper's for the next item."""
        if self.settings.seq2item == "retrieval":
            return super().retrieval(step)
        return seq2item_loss(
            step.queries,
            self.candidates(step.target_vectors[:, 0]),
            step.target_ids[:, 0],
            temperature=self.temperature,
        )

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the sequence-to-sequence loss."""
        if self.settings.seq2seq_weight == 0:  # the future need not be encoded
            return {}
        filled = (step.target_ids > 0).flip(1)  # (B, W), the nearest last
        future = History(step.target_vectors.flip(1)[filled], filled.sum(dim=1))
        loss = seq2seq_loss(
            step.encoded.interests,
            self.encoder(future).interests,
            temperature=self.hidden_size**0.5,
            kept_share=self.settings.seq2seq_share,
        )
        return {"seq2seq": self.settings.seq2seq_weight * loss}
