"""The settings of DSSRec."""

from typing import Literal

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LOSSES, WeighingSettings, setting, weight

__all__ = ["DSSRecSettings"]


class DSSRecSettings(WeighingSettings):
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
