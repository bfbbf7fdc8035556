"""What several models' recipes and search spaces have in common, with the words for their yaml."""

from __future__ import annotations

from typing import Any

__all__ = ["OPALS_TRAINING", "Recipe", "comirec_recipe", "search_with"]

OPALS_TRAINING = {
    "train_batch_size": 1024,
    "weight_decay": 0.0001,
    "stopping_step": 5,
    "MAX_ITEM_LIST_LENGTH": 100,
}
"""How OPAL's authors train, of settings that every model has."""


class Recipe(dict[str, Any]):
    """Settings of a published recipe, with the words that stand beside them in the yaml file.

    Args:
        about: what the recipe is, and its sources.
        **lines: of each setting its value, and a remark that ends in the value's source.

    Attributes:
        about: as given.
        remarks: of each setting.
    """

    def __init__(self, about: str, **lines: tuple[Any, str]) -> None:
        super().__init__({name: value for name, (value, _) in lines.items()})
        self.about = about
        self.remarks = {name: remark for name, (_, remark) in lines.items()}

    def changed(self, **lines: tuple[Any, str] | None) -> Recipe:
        """Return the recipe with other lines; None takes one away."""
        own = {name: (self[name], self.remarks[name]) for name in self} | lines
        kept = {name: line for name, line in own.items() if line is not None}
        return Recipe(self.about, **kept)


def comirec_recipe(about: str, **lines: tuple[Any, str] | None) -> Recipe:
    """Return what the ComiRec family's code trains with on Amazon Books, with changes."""
    recipe = Recipe(
        about
        + "\nNot carried over: initial vectors (glorot over the table, +-0.004 there; N(0, 1/D) "
        "here) and histories of 4 items at least.",
        similarity=("inner_product", "no normalisation, no temperature [P]"),
        temperature=(1.0, "[P]"),
        routing=("target", "argmax of the target [P]"),
        negative_sampling=(
            "log_uniform",
            "by popularity rank, different items, logQ-corrected: TensorFlow's sampled softmax [A]",
        ),
        num_negatives=(1280, "10 for each of the 128 rows, shared by the batch [A]"),
        future_window=(1, "the next item after a random cut [A]"),
        train_batch_size=(128, "[A]"),
        learning_rate=(0.001, "[A]"),
        weight_decay=(0.0, "[A]"),
        stopping_step=(
            50,
            "validations without a gain, one an epoch here, one in 1,000 steps there [A]",
        ),
        MAX_ITEM_LIST_LENGTH=(20, "[A]"),
    )
    return recipe.changed(**lines)


def search_with(**third: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the search space of a model: three settings, two of which all models try alike."""
    return {
        "learning_rate": {"low": 0.0003, "high": 0.01, "log": True},
        "temperature": {"low": 0.05, "high": 0.3, "log": True},
        **third,
    }
