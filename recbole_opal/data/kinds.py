"""What RecBole trains a model on, told from the model's class."""

from __future__ import annotations

from typing import Any, Literal

from recbole.data.dataloader import UserDataLoader
from recbole.data.utils import get_dataloader
from recbole.utils import InputType, ModelType

__all__ = ["GeneralBatches", "computed_at_once", "general_batches"]

GeneralBatches = Literal["users", "interactions", "pairs", "points"]

_COMPUTED_AT_ONCE = ("NCEPLRec",)
"""Models that RecBole does not mark as traditional, though their constructor does all the work."""


def general_batches(model_class: type[Any]) -> GeneralBatches | None:
    """Return what RecBole trains a general model on, None for a sequential model.

    Args:
        model_class: the class of one of RecBole's models, or one derived from it.

    Returns:
        "users": user ids (autoencoders); "interactions": positives only (Pop, ItemKNN: nothing is
        learnt by gradients); "pairs" and "points": positives with sampled negatives, side by side
        or as labelled rows.
    """
    if model_class.type not in (ModelType.GENERAL, ModelType.TRADITIONAL):
        return None
    # RecBole's table of models that train on users is local to this function.
    name = {"model": model_class.__name__, "MODEL_TYPE": ModelType.GENERAL}
    if get_dataloader(name, "train") is UserDataLoader:
        return "users"
    if computed_at_once(model_class):
        return "interactions"
    return "pairs" if model_class.input_type == InputType.PAIRWISE else "points"


def computed_at_once(model_class: type[Any]) -> bool:
    """Tell whether one pass over the data is all a model needs: nothing is learnt by gradients.

    RecBole's `TraditionalTrainer` for the same reason trains such models for one epoch.

    Args:
        model_class: the class of a model.
    """
    marked = model_class.type == ModelType.TRADITIONAL
    return marked or model_class.__name__ in _COMPUTED_AT_ONCE
