"""The settings of our own models, with their types, ranges and meanings."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, field_validator

from recbole_opal.errors import SettingsError
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
    """Return the settings of our model or of a class of the user's, None for RecBole's models.

    A class has the settings of its attribute `Settings`, or else of the nearest ancestor. Where it
    has several stages and no setting for them, `stages` picks among them.

    Args:
        model_class: the model's class.

    Raises:
        SettingsError: its `Settings` is no `Section`.
    """
    section = _own_section(model_class)
    stages = tuple(getattr(model_class, "stages", ()))
    if section is None or len(stages) < 2 or "stages" in section.model_fields:
        return section
    return _with_stages(section, stages)


def _own_section(model_class: type) -> type[Section] | None:
    known = MODEL_SECTIONS | {"MultiInterestRecommender": MultiInterestSettings}
    for ancestor in model_class.__mro__:
        found = vars(ancestor).get("Settings")
        if found is not None:
            return _checked_section(found, ancestor)
        if ancestor.__module__.startswith("recbole_opal.") and ancestor.__name__ in known:
            return known[ancestor.__name__]
    return None


def _checked_section(found: Any, owner: type) -> type[Section]:
    if not (isinstance(found, type) and issubclass(found, Section)):
        raise SettingsError(
            f"{owner.__name__}.Settings is no class of settings; derive it from "
            "recbole_opal.MultiInterestSettings or recbole_opal.Section."
        )
    for name, field in found.model_fields.items():
        if field.is_required():
            raise SettingsError(
                f"{owner.__name__}.Settings: {name} has no default; give it one, as "
                f'{name}: float = Field(0.5, description="what it does").'
            )
    return found


@cache
def _with_stages(section: type[Section], stages: tuple[str, ...]) -> type[Section]:
    """Return settings with `stages`: some of them, in their order."""

    def in_order(chosen: list[str]) -> list[str]:
        if not chosen or [stage for stage in stages if stage in chosen] != chosen:
            raise ValueError(f"write {','.join(stages)}, or some of them in this order")
        return chosen

    field = Field(list(stages), description="training stages, in their order")
    kind = Annotated[Names, AfterValidator(in_order)]
    return create_model(section.__name__, __base__=section, stages=(kind, field))
