"""Faiss, imported where it is used, so that nobody else needs it, and moved to a GPU if it can."""

from __future__ import annotations

from typing import Any

import torch

from recbole_opal.errors import RetrievalError

__all__ = ["CHUNK_RESULTS", "MAX_DEPTH_GPU", "import_faiss", "on_gpu"]

MAX_DEPTH_GPU = 2048
"""Deepest list that Faiss gives on a GPU."""

CHUNK_RESULTS = 2**20
"""Results (score and id) of one Faiss call, `rows * K * depth`: 12 MiB, about 100 MiB merged."""


def import_faiss(kind: str) -> Any:
    """Return the module; a RetrievalError tells how to get it for `--retrieval=KIND`."""
    try:
        import faiss
    except ImportError as error:
        raise RetrievalError(
            f"--retrieval={kind} needs Faiss, which is not installed; pip install faiss-cpu, or "
            "use --retrieval=torch"
        ) from error
    return faiss


def on_gpu(index: Any, device: torch.device) -> Any | None:
    """Return a copy of the index on a GPU, or None where Faiss or the items have none.

    Not run on hardware so far: the tests stand in for Faiss's GPU functions.
    """
    faiss = import_faiss("faiss")
    if device.type != "cuda" or faiss.get_num_gpus() < 1:
        return None
    number = device.index if device.index is not None else torch.cuda.current_device()
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), number, index)
