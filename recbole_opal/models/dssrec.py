"""DSSRec: interests as intentions, which learn from the future as a whole.

Jianxin Ma, Chang Zhou, Hongxia Yang, Peng Cui, Xin Wang, Wenwu Zhu: Disentangled Self-Supervision
in Sequential Recommenders. KDD 2020.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recbole_opal.errors import SettingsError
from recbole_opal.interests.history import History
from recbole_opal.interests.intentions import IntentHistories, IntentionEncoder
from recbole_opal.interests.transformer import CausalTransformer
from recbole_opal.losses.sequences import seq2item_loss, seq2seq_loss
from recbole_opal.models.base import MultiInterestRecommender, TrainingStep

__all__ = ["DSSRec"]


class DSSRec(MultiInterestRecommender):
    """Transformer states sorted by intention; each predicts its own future.

    The future is the row's targets, up to W, read backwards, `x_(T:t+1)`: the nearest one is the
    last and gives the query. An official code was not found; where the unofficial one differs is
    said at each part (`IntentionEncoder`, `seq2item_loss`, `seq2seq_loss`). Besides, its past and
    its future have each their own prior vectors beta, and its transformer normalises behind each
    part.

    Args:
        config: the settings of the run, see `properties/model/DSSRec.yaml`.
        dataset: the training dataset.

    Raises:
        SettingsError: the width cannot be shared out among the attention heads.
    """

    encoder: IntentionEncoder

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.seq2item = config["seq2item"]
        self.seq2seq_weight: float = config["seq2seq_weight"]
        self.seq2seq_share: float = config["seq2seq_share"]
        heads = config["transformer_heads"]
        if self.hidden_size % heads != 0:
            raise SettingsError(
                f"--transformer_heads={heads} does not divide --hidden_size={self.hidden_size}; "
                "write --transformer_heads=1 or another divisor."
            )
        longest = max(self.max_seq_length, config["future_window"])  # both are encoded
        states = CausalTransformer(
            self.hidden_size,
            max_length=longest,
            layers=config["transformer_layers"],
            heads=heads,
            inner_width=config["transformer_inner_size"],
            dropout=config["transformer_dropout"],
        )
        self.encoder = IntentionEncoder(
            config["num_interests"], self.hidden_size, states=states, max_length=longest
        )

    def queries(self, encoded: IntentHistories) -> Tensor:
        """Return the interests, (B, K, D), at unit length where the items are."""
        return super().queries(encoded.interests)

    def retrieval(self, step: TrainingStep) -> Tensor:
        """Return the shared retrieval loss, or the paper's for the next item."""
        if self.seq2item == "retrieval":
            return super().retrieval(step)
        return seq2item_loss(
            step.queries,
            self.candidates(step.target_vectors[:, 0]),
            step.target_ids[:, 0],
            temperature=self.temperature,
        )

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the sequence-to-sequence loss."""
        if self.seq2seq_weight == 0:  # the future need not be encoded
            return {}
        filled = (step.target_ids > 0).flip(1)  # (B, W), the nearest last
        vectors = step.target_vectors.flip(1)[filled]
        future = History(vectors, filled.nonzero()[:, 0], len(filled))
        loss = seq2seq_loss(
            step.encoded.interests,
            self.encoder(future).interests,
            temperature=self.hidden_size**0.5,
            kept_share=self.seq2seq_share,
        )
        return {"seq2seq": self.seq2seq_weight * loss}
