"""The data sets that RecBole and this package bring along, found without importing RecBole."""

from importlib.util import find_spec
from pathlib import Path

from recbole_opal.settings.properties import OWN_DATASET, own_data_root

__all__ = ["BUNDLED_DATASET", "bundled_folder", "root_or_own"]

BUNDLED_DATASET = "ml-100k"
"""The data set that RecBole's wheel carries."""


def bundled_folder(dataset: str) -> Path | None:
    """Return the folder of a data set that RecBole or we bring along, None for others."""
    if dataset == OWN_DATASET:
        root = own_data_root()
        return None if root is None else root / dataset
    host = find_spec("recbole") if dataset == BUNDLED_DATASET else None
    if host is None or not host.origin:
        return None
    return Path(host.origin).parent / "dataset_example" / dataset


def root_or_own(root: Path, dataset: str) -> Path:
    """Return the folder above a data set's where nobody named one: `root`, or that of ours."""
    if dataset != OWN_DATASET or (root / dataset).is_dir():
        return root
    return own_data_root() or root
