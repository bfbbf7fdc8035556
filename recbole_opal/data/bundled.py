"""The data set that RecBole brings along, found without importing RecBole."""

from importlib.util import find_spec
from pathlib import Path

__all__ = ["BUNDLED_DATASET", "bundled_folder"]

BUNDLED_DATASET = "ml-100k"
"""The data set that RecBole's wheel carries."""


def bundled_folder(dataset: str) -> Path | None:
    """Return the folder of a data set inside the installed RecBole, None if it has none."""
    host = find_spec("recbole") if dataset == BUNDLED_DATASET else None
    if host is None or not host.origin:
        return None
    return Path(host.origin).parent / "dataset_example" / dataset
