"""What several models' recipes and search spaces have in common, with the words for their yaml."""

from __future__ import annotations

from typing import Any

__all__ = ["DEFAULT_TRAINING", "Recipe", "comirec_recipe", "search_with"]

DEFAULT_TRAINING = {
    "train_batch_size": 1024,
    "learning_rate": 0.01,
    "learning_rate_schedule": "linear",
    "warmup_steps": 50,
    "weight_decay": 0.0001,
    "stopping_step": 20,
    "MAX_ITEM_LIST_LENGTH": 50,
}
"""How models of ours are trained, of settings that every model has.

Chosen on validation, see results/trials.md: at a constant rate of 0.001 several interests stay
undertrained. Batch and decay are those of OPAL's authors.
"""
_OURS_OFF = {
    "item_start": ("random", "[P, A]"),
    "recency": ("none", "[P, A]"),
    "scoring": ("maximum", "[P, A]"),
    "seen_targets": (True, "[P, A]"),
    "target_decay": (1.0, "[P, A]"),
    "learning_rate_schedule": ("constant", "[A]"),
    "warmup_steps": (0, "[A]"),
}
"""What the default recipe of all models adds, which no paper here has."""
_COMIREC = (
    "Sources: the paper, and the authors' public code with its Amazon Books settings (Taobao: "
    "batch 256, length 50)."
)
_LEFT_OUT = (
    "Not carried over: initial vectors (glorot over the table, +-0.004 there; N(0, 1/D) here) and "
    "histories of 4 items at least."
)
_PATIENCE = "validations without a gain, one an epoch here, one in 1,000 steps there [A]"


class Recipe(dict[str, Any]):
    """Settings of a published recipe, with the words that stand beside them in the yaml file.

    What the default recipe adds to all models is off where the lines do not say otherwise.

    Attributes:
        about: what the recipe is, and its sources.
        remarks: of each setting a remark that ends in the value's source.
    """

    def __init__(self, about: str, **lines: tuple[Any, str]) -> None:
        lines = {**lines, **{name: line for name, line in _OURS_OFF.items() if name not in lines}}
        super().__init__({name: value for name, (value, _) in lines.items()})
        self.about = about
        self.remarks = {name: remark for name, (_, remark) in lines.items()}


def comirec_recipe(about: str, sources: str = _COMIREC, **lines: tuple[Any, str] | None) -> Recipe:
    """Return what the ComiRec family's code trains with, but for `lines`; None takes one away."""
    usual: dict[str, tuple[Any, str] | None] = {
        "similarity": ("inner_product", "no normalisation, no temperature [P]"),
        "temperature": (1.0, "[P]"),
        "routing": ("target", "argmax of the target [P]"),
        "negative_sampling": (
            "log_uniform",
            "by popularity rank, different items, logQ-corrected: TensorFlow's sampled softmax [A]",
        ),
        "num_negatives": (1280, "10 for each of the 128 rows, shared by the batch [A]"),
        "future_window": (1, "the next item after a random cut [A]"),
        "train_batch_size": (128, "[A]"),
        "learning_rate": (0.001, "[A]"),
        "weight_decay": (0.0, "[A]"),
        "stopping_step": (50, _PATIENCE),
        "MAX_ITEM_LIST_LENGTH": (20, "[A]"),
    }
    kept = {name: line for name, line in (usual | lines).items() if line is not None}
    return Recipe(f"{about}\n{sources}\n{_LEFT_OUT}", **kept)


def search_with(**own: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a search space of four settings, three for all models; the other may be dropout."""
    return {
        "learning_rate": {"low": 0.001, "high": 0.05, "log": True},
        "temperature": {"low": 0.05, "high": 0.3, "log": True},
        "future_window": {"choices": [1, 5, 20]},
        **(own or {"dropout_prob": {"choices": [0.0, 0.2, 0.5]}}),
    }
