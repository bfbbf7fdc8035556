"""What a bundle says of itself: `bundle.json`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any

import torch

from recbole_opal.batches import Histories
from recbole_opal.exporting.kept_files import recorded_sources
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import weights_name
from recbole_opal.runs.manifest import MANIFEST_NAME
from recbole_opal.serving.bundle_format import BUNDLE_FORMAT, BUNDLE_NAME
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.version import __version__

__all__ = ["about_bundle"]

_MEANINGS = {
    "config.yaml": "settings of the run, without those of its machine",
    "ids.json": "raw id of each item number; 0 is padding; no ids of users",
    "item_counts.npz": "training interactions of each item number",
    "item_categories.npz": "(item number, category) pairs",
    "metrics.json": "what the stage reached, and the run's counts and versions",
    "origin.json": "digests of the settings and of the data, versions, machine",
    "items.npy": "item vectors, float32: row r is item number r + 1",
    "items.parquet": "the same with raw ids: `id`, `vector`",
    "index.faiss": "Faiss index over them: row r is item number r + 1",
    "index.json": "the index's kind and settings",
    "encoder.pt2": "(batch, length) item numbers, 0 behind the last of a row, to (batch, K, width) "
    "query vectors; by `torch.export`",
    "encoder.onnx": "the same as ONNX; its metadata tell the inputs",
    "query.py": "recommends with numpy, faiss and onnxruntime alone",
    "README.md": "this card",
    BUNDLE_NAME: "what this folder is, for programs",
    MANIFEST_NAME: "SHA-256 of each file",
}


def about_bundle(
    trained: TrainedModel, retrieval: str | None, written: Collection[str], run: RunReader
) -> dict[str, Any]:
    """Return what programs need to know of a bundle.

    Args:
        trained: the model in it.
        retrieval: the kind of its index, None: there is none.
        written: the names of its other files.
        run: that it is made of.
    """
    settings = trained.settings
    num_interests, width = _query_shape(trained)
    meanings = _MEANINGS | {weights_name(trained.stage): "weights of the stage"}
    held = {*written, BUNDLE_NAME, "README.md", MANIFEST_NAME}
    return {
        "format": BUNDLE_FORMAT,
        "model": settings["model"],
        "own_model": recorded_sources(run),
        "stage": trained.stage,
        "dataset": settings["dataset"],
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "recbole_opal": __version__,
        "interests": num_interests,
        "width": width,
        "items": len(trained.items) - 1,
        "longest_history": settings["MAX_ITEM_LIST_LENGTH"],
        "item_field": settings["ITEM_ID_FIELD"],
        "similarity": settings.get("similarity"),
        "scoring": "logsumexp" if trained.network.scoring.soft else "maximum",
        "temperature": trained.network.scoring.temperature or None,  # of the log-sum-exp
        "compare": "inner product",  # of a cosine too: the vectors have unit length
        "reads_times": trained.network.needs_times,
        "retrieval": retrieval,
        "files": {name: told for name, told in meanings.items() if name in held},
    }


def _query_shape(trained: TrainedModel) -> tuple[int, int]:
    """Return K and D' of a user's queries, by asking for one."""
    one = torch.ones(1, dtype=torch.int64)
    with torch.no_grad():
        queries = trained.network.interests(Histories(one, one, one.double()))
    return queries.shape[1], queries.shape[2]
