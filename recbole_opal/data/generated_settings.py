"""The settings file that `convert` and `synthesize` write beside the data; others are by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recbole_opal.runs.encoding import encode_yaml

__all__ = ["SYNTHETIC_YAML", "generated_yaml", "is_generated", "is_hand_written"]

_HEAD = b"# Settings of this data set; flags and --config_files win over them.\n"
SYNTHETIC_YAML = encode_yaml(
    {
        "load_col": {
            "inter": ["user_id", "item_id", "timestamp"],
            "item": ["item_id", "category"],
        },
        "category_field": "category",
    }
)
"""The content of the `NAME.yaml` of every synthetic data set."""


def generated_yaml(settings: Mapping[str, object]) -> bytes:
    """Return the content of a `NAME.yaml` that may be replaced later; empty without settings."""
    return _HEAD + encode_yaml(dict(settings)) if settings else b""


def is_generated(content: bytes) -> bool:
    """Tell whether `convert` or `synthesize` wrote this content of a settings file."""
    return content.startswith(_HEAD) or content == SYNTHETIC_YAML


def is_hand_written(settings: Path) -> bool:
    """Tell whether a settings file is there that neither `convert` nor `synthesize` wrote.

    Raises:
        OSError: it cannot be read.
    """
    return settings.is_file() and not is_generated(settings.read_bytes())
