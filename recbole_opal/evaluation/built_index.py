"""The search of an evaluation: built once for the same item vectors, and told if it may miss items.

Evaluation is exact unless `retrieval` asks for an approximate kind, which then measures what would
be served.
"""

from __future__ import annotations

from collections.abc import Mapping
from logging import getLogger
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from recbole_opal.errors import SettingsError
from recbole_opal.retrieval import (
    DEFAULT_BLOCK_SIZE,
    MAXIMUM,
    Retriever,
    Scoring,
    index_settings,
    make_retriever,
)
from recbole_opal.retrieval.build_index import check_fits
from recbole_opal.retrieval.faiss_library import import_faiss
from recbole_opal.retrieval.table_digest import table_digest

__all__ = ["BuiltIndex", "check_retrieval"]


_TOLD = "retrieval=%s is approximate: its lists may miss items; %d items indexed in %.2f s"


class BuiltIndex:
    """Keeps the last approximate index that was built.

    It is found again by its kind, its settings and the SHA-256 of the item vectors' bits, so that
    the weights may change in any way between two evaluations, in place or by being loaded. The one
    before is let go of before another is built. Exact searches cost nothing to build.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._retriever: Retriever | None = None

    def over(
        self,
        items: Tensor,
        kind: str,
        settings: Mapping[str, Any] | None,
        block_size: int = DEFAULT_BLOCK_SIZE,
        scoring: Scoring = MAXIMUM,
    ) -> Retriever:
        """Return a search over `(N, D)` items, that of the last call if nothing has changed."""
        checked = index_settings(kind, settings)
        if checked is None:
            return make_retriever(kind, items, block_size, scoring=scoring)
        key = (kind, checked, block_size, scoring, items.device, table_digest(items))
        if self._retriever is None or key != self._key:
            self._key = self._retriever = None
            started = perf_counter()
            self._retriever = make_retriever(kind, items, block_size, settings, scoring)
            self._key = key
            words = (kind, len(items) - 1, perf_counter() - started)
            getLogger("recbole_opal").info(_TOLD, *words)
        return self._retriever


@torch.no_grad()
def check_retrieval(config: Any, model: Any) -> None:
    """Refuse, before training, an approximate search that could not be built.

    Raises:
        SettingsError: the model has no item vectors to index.
        RetrievalError: Faiss is missing, or the settings do not fit the items.
    """
    kind = config["retrieval"] or "torch"
    settings = index_settings(kind, config["retrieval_args"])
    if settings is None:
        return
    if not all(callable(getattr(model, name, None)) for name in ("interests", "item_table")):
        raise SettingsError(
            f"--retrieval={kind} searches item vectors, and {type(model).__name__} has none that "
            "can be searched; leave --retrieval away: its full scores are exact."
        )
    import_faiss(kind)
    training = model.training
    count, width = model.eval().item_table().shape
    model.train(training)
    check_fits(kind, settings, count - 1, width)
