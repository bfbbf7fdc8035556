"""What all multi-interest models share of their settings, and whose settings a class has."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from recbole_opal.errors import SettingsError
from recbole_opal.own_models import lineage
from recbole_opal.settings.fields import Finite, Names, Section

__all__ = [
    "INTERESTS",
    "LEAST",
    "LOSSES",
    "TRAINING",
    "MultiInterestSettings",
    "section_of",
    "setting",
]

LEAST = 1e-6
"""Less would overflow float32 once it divides logits, and all softmaxes are hard long before."""
INTERESTS, LOSSES, TRAINING = "Interests", "Losses", "Training rows and optimiser"
"""Headings of a model's yaml file."""


def setting(
    default: Any, source: str, meaning: str, *, under: str = INTERESTS, **bounds: Any
) -> Any:
    """Return a pydantic field that a yaml file can be written from.

    Args:
        default: the value of the shared recipe.
        source: of that value: P the paper, A the authors' settings, D decided here, or several.
        meaning: as an error, the help and the yaml file tell it; the range is told behind its
            first part.
        under: the heading in the yaml file.
        **bounds: of the values, as pydantic's `Field` takes them.
    """
    told: Any = {"source": source, "under": under}
    return Field(default, description=meaning, json_schema_extra=told, **bounds)


class MultiInterestSettings(Section):
    """What all multi-interest models share: vectors, loss, negatives and training rows."""

    recipe: Literal["shared", "published"] = setting(
        "shared",
        "D",
        "the lines below, or those under `published` in their place",
        under="Recipe",
    )
    hidden_size: int = setting(64, "A", "width D of the item and interest vectors", ge=1, le=4096)
    similarity: Literal["cosine", "inner_product"] = setting(
        "cosine", "A", "how interests and items are compared"
    )
    temperature: Finite = setting(
        0.1, "P, A", "divides every similarity inside a softmax", ge=LEAST, le=10
    )
    dropout_prob: Finite = setting(
        0.0, "A", "share of the history's vector entries that is dropped", ge=0, lt=1
    )
    routing: Literal["candidate", "target", "attention"] = setting(
        "candidate",
        "A",
        "whose best interest scores a negative; attention = a mixture by the target (MIND)",
        under=LOSSES,
    )
    attention_power: Finite = setting(
        1.0,
        "D",
        "power p of label-aware attention; only with routing: attention",
        under=LOSSES,
        ge=LEAST,
        le=100,
    )
    negative_sampling: Literal["uniform", "popularity", "log_uniform", "in_batch", "full"] = (
        setting(
            "uniform", "D", "where the shared negatives come from; full = all items", under=LOSSES
        )
    )
    hardness: Finite = setting(
        0.0,
        "D",
        "beta by which hard negatives count more; REMI's IHN; 0 = off",
        under=LOSSES,
        ge=0,
        le=100,
    )
    num_negatives: int = setting(
        1024, "D", "number M of negatives that a batch shares", under=LOSSES, ge=1, le=2**20
    )
    popularity_power: Finite = setting(
        1.0, "D", "popularity sampling draws by count ** power", under=LOSSES, ge=0, le=2
    )
    logq_correction: bool = setting(
        True,
        "D",
        "True: log of the sampling probability is taken from a popularity or log_uniform "
        "negative's score",
        under=LOSSES,
    )
    future_window: int = setting(
        20,
        "D",
        "number W of targets after a cut; 1 = next item",
        under=TRAINING,
        ge=1,
        le=1000,
    )
    cuts_per_user: int = setting(
        10,
        "D",
        "random cuts of each user's training sequence in one epoch",
        under=TRAINING,
        ge=1,
        le=1000,
    )
    item_gradient: Literal["sparse", "dense"] = setting(
        "sparse",
        "D",
        "sparse = Adam on the rows met, without decay; dense = a step costs more with the "
        "catalogue",
        under=TRAINING,
    )


def section_of(model_class: type) -> type[Section] | None:
    """Return the settings of our model or of a class of the user's, None for RecBole's models.

    A class has the settings of its attribute `Settings`, or else of the nearest ancestor. Where it
    has several stages and no setting for them, `stages` picks among them.
    """
    owner = next((each for each in lineage(model_class) if "Settings" in vars(each)), None)
    if owner is None:
        return None
    section = _checked(owner.Settings, owner.__name__)
    stages = tuple(getattr(model_class, "stages", ()))
    if len(stages) < 2 or "stages" in section.model_fields:
        return section
    return _with_stages(section, stages)


def _checked(found: Any, owner: str) -> type[Section]:
    if not (isinstance(found, type) and issubclass(found, Section)):
        raise SettingsError(
            f"{owner}.Settings is no class of settings; derive it from "
            "recbole_opal.MultiInterestSettings or recbole_opal.Section."
        )
    for name, field in found.model_fields.items():
        if field.is_required():
            raise SettingsError(
                f"{owner}.Settings: {name} has no default; give it one, as "
                f'{name}: float = Field(0.5, description="what it does").'
            )
    return found


@cache
def _with_stages(section: type[Section], stages: tuple[str, ...]) -> type[Section]:
    """Return settings with `stages`: some of them, in their order."""
    offer = f"{','.join(stages)}, or some of them in this order"
    if len(stages) == 2:
        offer = f"{','.join(stages)} or {stages[1]} or {stages[0]}"

    def in_order(chosen: Sequence[str]) -> Sequence[str]:
        if not chosen or [stage for stage in stages if stage in chosen] != chosen:
            raise ValueError(f"write {offer}")
        return chosen

    field = setting(list(stages), "P", f"training stages, in their order: {offer}", under=TRAINING)
    kind = Annotated[Names, AfterValidator(in_order)]
    members: Any = {"stages": (kind, field)}
    return create_model(section.__name__, __base__=section, __doc__=section.__doc__, **members)
