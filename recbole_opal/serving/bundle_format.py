"""What an exported bundle says of itself, and the item vectors that it holds."""

from __future__ import annotations

import io

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.runs import RunReader

__all__ = ["BUNDLE_FORMAT", "BUNDLE_NAME", "ITEMS_NAME", "is_bundle", "served_items"]

BUNDLE_NAME = "bundle.json"
BUNDLE_FORMAT = 1
ITEMS_NAME = "items.npy"


def is_bundle(run: RunReader) -> bool:
    """Tell an exported bundle from a run folder.

    Raises:
        CheckpointError: it is of a newer format than this version reads, or damaged.
    """
    if BUNDLE_NAME not in run.names:
        return False
    path = run.path / BUNDLE_NAME
    described = run.load_json(BUNDLE_NAME)
    with refusing(str(path), "names no format", "export the run again"):
        number = int(described["format"])
    if number > BUNDLE_FORMAT:
        raise CheckpointError(
            f"{run.path} is a bundle of format {number}, this version reads {BUNDLE_FORMAT}; "
            "pip install --upgrade recbole_opal, or export the run with this version."
        )
    return True


def served_items(run: RunReader, table: Tensor) -> Tensor:
    """Return the item vectors to search, (N, D): a bundle's own, else the network's `table`.

    Another processor may compute a vector that differs in its last bit, of which an index that was
    exported would not be the index.

    Raises:
        CheckpointError: the file of a bundle is damaged, or does not fit the network.
    """
    if ITEMS_NAME not in run.names:
        return table
    data = run.read(ITEMS_NAME)
    with refusing(str(run.path / ITEMS_NAME), "holds no vectors of the items", "export again"):
        stored = np.load(io.BytesIO(data), allow_pickle=False)
        if stored.shape != tuple(table[1:].shape) or stored.dtype != np.float32:
            raise ValueError(f"{stored.dtype} of shape {stored.shape}")
    return torch.cat([table[:1], torch.from_numpy(stored).to(table.device, table.dtype)])
