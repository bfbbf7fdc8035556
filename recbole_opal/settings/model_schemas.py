"""What all multi-interest models share of their settings, and whose settings a class has."""

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, create_model

from recbole_opal.errors import SettingsError
from recbole_opal.own_models import lineage
from recbole_opal.settings.fields import Finite, Names, Section, setting

__all__ = [
    "INTERESTS",
    "LEAST",
    "LOSSES",
    "TRAINING",
    "MultiInterestSettings",
    "WeighingSettings",
    "preset",
    "section_of",
    "setting",
    "weight",
    "with_stages",
]

LEAST = 1e-6
"""Less would overflow float32 once it divides logits, and all softmaxes are hard long before."""
INTERESTS, LOSSES, TRAINING = "Interests", "Losses", "Training rows and optimiser"
"""Headings of a model's yaml file."""


def weight(default: float, meaning: str) -> Any:
    """Return the field of a loss's weight; see `setting`."""
    return setting(default, meaning, under=LOSSES, ge=0)


class MultiInterestSettings(Section):
    """What all multi-interest models share: vectors, loss, negatives and training rows."""

    recipe: Literal["default", "published"] = setting(
        "default", "the lines below, or those under `published` in their place [D]", under="Recipe"
    )
    hidden_size: int = setting(64, "width D of the item and interest vectors [A]", ge=1, le=4096)
    similarity: Literal["cosine", "inner_product"] = setting(
        "cosine", "how interests and items are compared [A]"
    )
    temperature: Finite = setting(
        0.12, "divides every similarity inside a softmax; 0.1 in the paper [D]", ge=LEAST, le=10
    )
    scoring: Literal["maximum", "logsumexp"] = setting(
        "maximum",
        "an item's score of its K products, in training and serving; logsumexp = temperature * "
        "log sum exp(product / temperature), which routing: candidate trains [D]",
    )
    dropout_prob: Finite = setting(
        0.0, "share of the history's vector entries that is dropped [A]", ge=0, lt=1
    )
    item_start: Literal["random", "cooccurrence"] = setting(
        "cooccurrence",
        "where item vectors start; cooccurrence = items met near each other in training histories "
        "lie together [D]",
    )
    item_features: Names = setting(
        [],
        "columns of the .item file, of tokens, token lists or numbers, whose vectors are added to "
        "those of the items, so that new items can be found; [] = none [D]",
    )
    new_item_share: Finite = setting(
        0.2,
        "share of a training step's items that are taken for new ones, their features alone; only "
        "with item_features [D]",
        ge=0,
        lt=1,
    )
    new_item_boost: Finite = setting(
        1.0,
        "factor on the vectors of items that training has not met, where lists are searched: above "
        "1 they stand higher, and others lower; only with item_features [D]",
        ge=0.1,
        le=10,
    )
    recency: Literal["none", "place", "age", "both"] = setting(
        "none",
        "learned weights of a history's items by place from the newest, by age behind it, or both; "
        "equal at the start [D]",
    )
    routing: Literal["candidate", "target", "attention"] = setting(
        "candidate",
        "whose best interest scores a negative; attention = a mixture by the target (MIND) [A]",
        under=LOSSES,
    )
    attention_power: Finite = setting(
        1.0,
        "power p of label-aware attention; only with routing: attention [D]",
        under=LOSSES,
        ge=LEAST,
        le=100,
    )
    negative_sampling: Literal["uniform", "popularity", "log_uniform", "in_batch", "full"] = (
        setting(
            "uniform", "where the shared negatives come from; full = all items [D]", under=LOSSES
        )
    )
    hardness: Finite = setting(
        0.0,
        "beta by which hard negatives count more; REMI's IHN; 0 = off [D]",
        under=LOSSES,
        ge=0,
        le=100,
    )
    num_negatives: int = setting(
        512, "number M of negatives that a batch shares [D]", under=LOSSES, ge=1, le=2**20
    )
    popularity_power: Finite = setting(
        1.0, "popularity sampling draws by count ** power [D]", under=LOSSES, ge=0, le=2
    )
    logq_correction: bool = setting(
        True,
        "True: log of the sampling probability is taken from a popularity or log_uniform "
        "negative's score [D]",
        under=LOSSES,
    )
    future_window: int = setting(
        20, "number W of targets after a cut; 1 = next item [D]", under=TRAINING, ge=1, le=1000
    )
    target_decay: Finite = setting(
        0.85,
        "what a target weighs, over the one before it; 1 = all W alike [D]",
        under=TRAINING,
        gt=0,
        le=1,
    )
    seen_targets: bool | None = setting(
        None,
        "True: what a user has met before is a target of training too; ~ = as in lists, only where "
        "mask_history does not leave it out [D]",
        under=TRAINING,
    )
    cuts_per_user: int = setting(
        10,
        "random cuts of each user's training sequence in one epoch [D]",
        under=TRAINING,
        ge=1,
        le=1000,
    )
    item_gradient: Literal["sparse", "dense"] = setting(
        "sparse",
        "sparse = item_optimizer on the rows met, without decay; dense = a step costs more with "
        "the catalogue [D]",
        under=TRAINING,
    )
    item_optimizer: Literal["adam", "rowwise_adagrad"] = setting(
        "adam",
        "what moves the item vectors met; rowwise_adagrad = Adagrad with one sum a row, a third of "
        "the memory [D]",
        under=TRAINING,
    )
    item_table: Literal["local", "row_wise", "column_wise", "table_wise"] = setting(
        "local",
        "under torchrun: local = all vectors in each process; by TorchRec: row_wise, column_wise = "
        "cut into parts, one a process, table_wise = all in the first [D]",
        under=TRAINING,
    )


def preset(name: str, default: Any) -> Any:
    """Return the field of a setting that all multi-interest models have, with another default."""
    field = copy(MultiInterestSettings.model_fields[name])
    field.default = default
    return field


class WeighingSettings(MultiInterestSettings):
    """What models share that weigh the items of a history, see `recency`."""

    recency: Literal["none", "place", "age", "both"] = preset("recency", "place")


def section_of(model_class: type) -> type[Section] | None:
    """Return the settings of a model, its own or its nearest ancestor's; None for RecBole's models.

    Where it has several stages and no setting for them, `stages` picks among them.
    """
    owner = next((each for each in lineage(model_class) if "Settings" in vars(each)), None)
    if owner is None:
        return None
    section = _checked(owner.Settings, owner.__name__)
    return with_stages(section, tuple(getattr(model_class, "stages", ())))


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
def with_stages(section: type[Section], stages: tuple[str, ...]) -> type[Section]:
    """Return settings with `stages`: some of several, in their order; they may be there already."""
    if len(stages) < 2 or "stages" in section.model_fields:
        return section
    offer = f"{','.join(stages)}, or some of them in this order"
    if len(stages) == 2:
        offer = f"{','.join(stages)} or {stages[1]} or {stages[0]}"

    def in_order(chosen: Sequence[str]) -> Sequence[str]:
        if not chosen or [stage for stage in stages if stage in chosen] != chosen:
            raise ValueError(f"write {offer}")
        return chosen

    meaning = f"training stages, in their order: {offer} [P, D]"
    field = setting(list(stages), meaning, under=TRAINING)
    kind = Annotated[Names, AfterValidator(in_order)]
    members: Any = {"stages": (kind, field)}
    return create_model(section.__name__, __base__=section, __doc__=section.__doc__, **members)
