"""The settings of our own models, with their types, ranges and meanings."""

from typing import Literal

from pydantic import Field, field_validator

from recbole_opal.settings.fields import Finite, Names, Section

__all__ = ["MODEL_SECTIONS", "MultiInterestSettings", "OpalSettings", "section_of"]

_LEAST = 1e-6
"""Less would overflow float32 once it divides logits, and all softmaxes are hard long before."""
_STAGES = (["soft", "hard"], ["hard"], ["soft"])


class MultiInterestSettings(Section):
    """What all multi-interest models share: vectors, loss, negatives and training rows."""

    recipe: Literal["shared", "published"] = Field(
        "shared", description="published: the settings of the model's own paper"
    )
    hidden_size: int = Field(
        64, ge=1, le=4096, description="width D of the item and interest vectors"
    )
    similarity: Literal["cosine", "inner_product"] = Field(
        "cosine", description="how interests and items are compared"
    )
    temperature: Finite = Field(
        0.1,
        ge=_LEAST,
        le=10,
        description="divides every similarity inside a softmax",
    )
    dropout_prob: Finite = Field(
        0.0, ge=0, lt=1, description="share of the history's vector entries dropped"
    )
    routing: Literal["candidate", "target", "attention"] = Field(
        "candidate", description="whose best interest scores a negative"
    )
    attention_power: Finite = Field(
        1.0, ge=_LEAST, le=100, description="power p of label-aware attention"
    )
    negative_sampling: Literal["uniform", "popularity", "log_uniform", "in_batch", "full"] = Field(
        "uniform", description="full: all items"
    )
    hardness: Finite = Field(
        0.0, ge=0, le=100, description="beta by which hard negatives count more; 0 = off"
    )
    num_negatives: int = Field(
        1024, ge=1, le=2**20, description="number M of negatives that a batch shares"
    )
    popularity_power: Finite = Field(
        1.0, ge=0, le=2, description="popularity sampling draws by count ** power"
    )
    logq_correction: bool = Field(
        True, description="corrects sampled negatives by their log probability"
    )
    future_window: int = Field(
        20, ge=1, le=1000, description="number W of targets after a cut; 1 = next item"
    )
    cuts_per_user: int = Field(
        10, ge=1, le=1000, description="random cuts of each user's sequence in one epoch"
    )
    item_gradient: Literal["sparse", "dense"] = Field(
        "sparse", description="dense: a step's cost grows with the catalogue"
    )


class OpalSettings(MultiInterestSettings):
    """OPAL's hyper-parameters, as in `properties/model/OPAL.yaml`, which names their sources."""

    num_interests: int = Field(
        4, ge=1, le=64, description="number K of hyper-categories and of interests a user"
    )
    fusion_weight: Finite = Field(
        0.5, ge=0, le=1, description="weight of the evolved h_j in u_j; 1 = h_j only"
    )
    fusion: Literal["fixed", "learned"] = Field(
        "fixed", description="learned: a gate that starts at 0"
    )
    evolution_activation: Literal["relu", "none"] = Field(
        "relu", description="what follows the layer behind the GRU"
    )
    evolution_input: Literal["plain", "weighted"] = Field(
        "plain", description="weighted: gradients of the GRU's input reach p"
    )
    interest_prior: Finite = Field(
        0.0, ge=0, le=10, description="weight of log(share of an interest) in its score"
    )
    orthogonality_weight: Finite = Field(10.0, ge=0, description="lambda_o")
    uniformity_weight: Finite = Field(1.0, ge=0, description="lambda_f")
    unique_weight: Finite = Field(1.0, ge=0, description="lambda_q, in the hard stage")
    stages: Names = Field(["soft", "hard"], description="soft,hard | hard | soft")

    @field_validator("stages")
    @classmethod
    def _known_stages(cls, stages: list[str]) -> list[str]:
        if stages not in _STAGES:
            raise ValueError("write soft,hard or hard or soft")
        return stages


class CapsuleSettings(MultiInterestSettings):
    """The hyper-parameters of MIND and ComiRec-DR."""

    num_interests: int = Field(4, ge=1, le=64, description="number K of interests a user")
    routing_iterations: int = Field(3, ge=1, le=20, description="iterations of the routing")
    routing_softmax: Literal["interests", "positions"] = Field(
        "interests", description="what an item's coupling sums to 1 over"
    )
    routing_gradient: Literal["last", "all"] = Field(
        "last", description="iterations through which gradients flow"
    )


class MindSettings(CapsuleSettings):
    """The hyper-parameters of MIND."""

    dynamic_interests: bool = Field(
        False, description="True: floor(log2(history length)) interests, at most num_interests"
    )


class SelfAttentionSettings(MultiInterestSettings):
    """The hyper-parameters that models with self-attentive interests share."""

    num_interests: int = Field(4, ge=1, le=64, description="number K of interests a user")
    attention_size: int = Field(256, ge=1, le=65536, description="hidden width of the attention")


class ComiRecSASettings(SelfAttentionSettings):
    """The hyper-parameters of ComiRec-SA."""

    placed_values: bool = Field(
        False, description="True: interests are means of item vectors with their positions"
    )


class PimiSettings(SelfAttentionSettings):
    """The hyper-parameters of PIMI."""

    time_unit_seconds: Finite = Field(86400.0, gt=0, description="seconds of one step of a gap")
    time_span: int = Field(64, ge=1, le=4096, description="greatest time gap told apart, in steps")
    graph_layers: int = Field(3, ge=0, le=16, description="layers of the graph; 0 = no graph")


class Re4Settings(SelfAttentionSettings):
    """The hyper-parameters of Re4."""

    interest_output: Literal["none", "tanh"] = Field(
        "none", description="tanh: the authors' code's layer behind the interests"
    )
    reattend_weight: Finite = Field(0.001, ge=0, description="of Re-attend; 0 = off")
    recontrast_weight: Finite = Field(0.025, ge=0, description="of Re-contrast; 0 = off")
    recontrast_temperature: Finite = Field(
        0.02, ge=_LEAST, le=10, description="divides the cosines of Re-contrast"
    )
    reconstruct_weight: Finite = Field(0.025, ge=0, description="of Re-construct; 0 = off")


class RemiSettings(SelfAttentionSettings):
    """The hyper-parameters of REMI."""

    routing_regularisation_weight: Finite = Field(
        3.125, ge=0, description="lambda of the variation of an interest's attention"
    )


class CmiSettings(MultiInterestSettings):
    """The hyper-parameters of CMI."""

    num_interests: int = Field(
        4, ge=1, le=64, description="number K of categories and of interests a user"
    )
    orthogonality_weight: Finite = Field(10.0, ge=0, description="keeps categories orthogonal")
    uniformity_weight: Finite = Field(1.0, ge=0, description="keeps all categories in use")
    contrastive_weight: Finite = Field(
        0.02, ge=0, description="weight of the contrast of two halves of a history"
    )
    contrastive_temperature: Finite = Field(
        0.1, ge=_LEAST, le=10, description="divides every cosine in the contrast"
    )


class DssrecSettings(MultiInterestSettings):
    """The hyper-parameters of DSSRec."""

    num_interests: int = Field(
        4, ge=1, le=64, description="number K of intentions and of interests a user"
    )
    transformer_layers: int = Field(2, ge=1, le=16, description="self-attention layers")
    transformer_heads: int = Field(
        2, ge=1, le=64, description="attention heads, a divisor of hidden_size"
    )
    transformer_inner_size: int = Field(
        64, ge=1, le=65536, description="width of the feed-forward parts"
    )
    transformer_dropout: Finite = Field(
        0.0, ge=0, lt=1, description="share of entries dropped inside the layers"
    )
    seq2item: Literal["retrieval", "next_item"] = Field(
        "retrieval", description="next_item: the paper's, over the batch's next items"
    )
    seq2seq_weight: Finite = Field(1.0, ge=0, description="weight of the agreement with the future")
    seq2seq_share: Finite = Field(
        0.5, gt=0, le=1, description="lambda, share of the best predicted pairs that count"
    )


MODEL_SECTIONS: dict[str, type[Section]] = {
    "OPAL": OpalSettings,
    "ComiRecDR": CapsuleSettings,
    "ComiRecSA": ComiRecSASettings,
    "MIND": MindSettings,
    "PIMI": PimiSettings,
    "Re4": Re4Settings,
    "YouTubeDNN": MultiInterestSettings,
    "REMI": RemiSettings,
    "CMI": CmiSettings,
    "DSSRec": DssrecSettings,
}


def section_of(model_class: type) -> type[Section] | None:
    """Return the settings of our model or of a class derived from one, None for RecBole's models.

    A class of the user's own that derives from `MultiInterestRecommender` has its settings.

    Args:
        model_class: the model's class.
    """
    known = MODEL_SECTIONS | {"MultiInterestRecommender": MultiInterestSettings}
    names = (ancestor.__name__ for ancestor in model_class.__mro__)
    return next((known[name] for name in names if name in known), None)
