"""Build the Faiss index of each approximate kind, and say how it is searched.

One thread and one seed give the same index. With more threads sums of k-means come in another
order, so centroids differ in their last bits, and the links of a graph depend on which item comes
first: such an index is as good, but not the same.
"""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.faiss_library import import_faiss
from recbole_opal.retrieval.index_settings import (
    HnswSettings,
    IndexSettings,
    IvfFlatSettings,
    IvfPqSettings,
)
from recbole_opal.retrieval.scores import ItemVectors
from recbole_opal.retrieval.space import Space

__all__ = [
    "build_index",
    "check_fits",
    "check_index",
    "search_parameters",
    "selector_of",
    "space_of",
    "untrained_index",
]

_FEWEST_A_LIST = 39  # items that Faiss wants to train a centroid
_SUBVECTORS = 22
_ROUNDS = 10  # of k-means, Faiss's default
_CLASSES = {
    "ivf-flat": "IndexIVFFlat",
    "ivf-pq": "IndexIVFPQ",
    "hnsw": "IndexHNSWFlat",
    "sq8": "IndexScalarQuantizer",
}


def check_fits(kind: str, settings: IndexSettings, count: int, width: int) -> None:
    """Refuse settings that need more items, or wider ones, than the (count, width) there are."""
    problem = ""
    if count < 1:
        problem = "there is no item; train on a data set that has some"
    elif isinstance(settings, IvfFlatSettings) and (settings.nlist or 1) > count:
        problem = f"nlist={settings.nlist} is more than the {count} items; write a smaller one"
    elif isinstance(settings, IvfPqSettings):
        if (settings.subvectors or 1) > width:
            problem = f"subvectors={settings.subvectors} is more than the items' width {width}"
            problem += "; write a smaller one"
        elif 2 ** (settings.bits or 4) > count:
            problem = f"codes of {settings.bits or 4} bits need {2 ** (settings.bits or 4)} items, "
            problem += f"there are {count}; use --retrieval=torch"
    if problem:
        raise RetrievalError(f"--retrieval={kind} does not fit the items: {problem}.")


def space_of(settings: IndexSettings, items: ItemVectors) -> Space:
    """Return the space in which an index of this kind compares the items."""
    clusters = isinstance(settings, IvfFlatSettings)
    multiple = _subvectors(settings, items) if isinstance(settings, IvfPqSettings) else 1
    return Space.of(items, one_length=clusters, multiple=multiple)


def build_index(kind: str, settings: IndexSettings, items: ItemVectors, space: Space) -> Any:
    """Train and fill a Faiss index of the items behind the padding row: ids are one lower inside.

    Raises:
        RetrievalError: Faiss is missing, or the settings do not fit the items.
    """
    index = untrained_index(kind, settings, items, space)
    vectors = space.items(items.table)
    index.train(vectors)
    index.add(vectors)
    return index


def untrained_index(kind: str, settings: IndexSettings, items: ItemVectors, space: Space) -> Any:
    """Return the index that `build_index` trains and fills, before it does."""
    faiss = import_faiss(kind)
    check_fits(kind, settings, len(items.table) - 1, items.table.shape[1])
    metric = space.metric(faiss)
    if isinstance(settings, IvfFlatSettings):
        index = _inverted_lists(faiss, settings, items, space)
    elif isinstance(settings, HnswSettings):
        index = faiss.IndexHNSWFlat(space.padded, settings.links, metric)
        index.hnsw.efConstruction = settings.ef_construction
        index.hnsw.efSearch = settings.ef_search  # for whoever searches the saved file without us
    else:
        coded = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexScalarQuantizer(space.padded, coded, metric)
    return index


def check_index(kind: str, settings: IndexSettings, index: Any, items: ItemVectors) -> None:
    """Refuse, as a ValueError, an index that is not of this kind, these settings or these items."""
    space = space_of(settings, items)
    expected = (_CLASSES[kind], len(items.table) - 1, space.padded)
    found = (type(index).__name__, index.ntotal, index.d)
    if found != expected or index.metric_type != space.metric(import_faiss(kind)):
        raise ValueError(f"it holds {found}, not {expected}")


def search_parameters(settings: IndexSettings, index: Any, selector: Any | None) -> Any:
    """Return what Faiss's `search` takes as `params`; the index itself is never changed."""
    faiss = import_faiss("faiss")
    own: dict[str, Any] = {} if selector is None else {"sel": selector}
    if isinstance(settings, IvfFlatSettings):
        own["nprobe"] = min(settings.nprobe, index.nlist)
        if isinstance(settings, IvfPqSettings):
            return faiss.IVFPQSearchParameters(**own)
        return faiss.SearchParametersIVF(**own)
    if isinstance(settings, HnswSettings):
        return faiss.SearchParametersHNSW(efSearch=settings.ef_search, **own)
    return faiss.SearchParameters(**own)


def selector_of(allowed: Tensor) -> Any:
    """Return Faiss's selector of the allowed items, `(N,)` bool with the padding in front."""
    faiss = import_faiss("faiss")
    return faiss.IDSelectorBitmap(np.packbits(allowed[1:].cpu().numpy(), bitorder="little"))


def _inverted_lists(faiss: Any, settings: IvfFlatSettings, items: ItemVectors, space: Space) -> Any:
    count, width, metric = len(items.table) - 1, space.padded, space.metric(faiss)
    usual = min(round(4 * count**0.5), count // _FEWEST_A_LIST)
    nlist = settings.nlist or max(1, usual)
    centroids = faiss.IndexFlat(width, metric)
    if isinstance(settings, IvfPqSettings):
        bits = settings.bits or min(8, int(log2(count)))
        codes = _subvectors(settings, items)
        index = faiss.IndexIVFPQ(centroids, width, nlist, codes, bits, metric)
        index.pq.cp.seed, index.pq.cp.min_points_per_centroid = settings.seed, 1
    else:
        index = faiss.IndexIVFFlat(centroids, width, nlist, metric)
    index.nprobe = min(settings.nprobe, nlist)  # for whoever searches the saved file without us
    index.cp.seed, index.cp.niter = settings.seed, _ROUNDS
    # Fewer items a list are allowed: that they may be too few for good lists is the user's choice.
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, settings.sample
    return index


def _subvectors(settings: IvfPqSettings, items: ItemVectors) -> int:
    return settings.subvectors or min(_SUBVECTORS, items.table.shape[1])
