"""How the files of a run folder are called that several rooms know."""

from __future__ import annotations

import re

__all__ = [
    "FEATURES_NAME",
    "HISTORIES_NAME",
    "PART_NAME",
    "STATE_NAME",
    "WEIGHTS_NAME",
    "state_number",
    "weights_name",
]

FEATURES_NAME = "item_features.npz"
"""What the item vectors of a run are composed of beside vectors of their own."""

HISTORIES_NAME = "histories-test.npz"
"""What each user of the test part had met before it."""

PART_NAME = re.compile(r"part-(\d{1,18})\.safetensors")
STATE_NAME = re.compile(r"state-(\d{1,18})\.safetensors")
WEIGHTS_NAME = re.compile(r"weights-(.*)\.safetensors")


def state_number(name: str) -> int:
    """The n of `state-<n>.safetensors`, 0 for another name."""
    match = STATE_NAME.fullmatch(name)
    return int(match[1]) if match else 0


def weights_name(stage: str) -> str:
    """The name of the file with a stage's weights."""
    return f"weights-{stage}.safetensors"
