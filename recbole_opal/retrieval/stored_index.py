"""A search that was built, kept in a folder of verified files and read back.

Faiss serves a file with a flipped bit without a word. So its bytes are compared with the folder's
SHA-256 before Faiss sees them, and the item vectors with those that the index was built of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from recbole_opal.errors import CheckpointError, SettingsError, quoted, refusing
from recbole_opal.retrieval import make_retriever
from recbole_opal.retrieval.approximate import ApproximateIndex
from recbole_opal.retrieval.build_index import check_index
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE
from recbole_opal.retrieval.faiss_flat import FaissFlatIndex
from recbole_opal.retrieval.faiss_library import import_faiss
from recbole_opal.retrieval.index_settings import KINDS, IndexSettings, index_settings
from recbole_opal.retrieval.retriever import Retriever
from recbole_opal.retrieval.scores import ItemVectors
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring
from recbole_opal.retrieval.table_digest import table_digest
from recbole_opal.runs.encoding import encode_json
from recbole_opal.runs.reader import RunReader
from recbole_opal.runs.store import VerifiedFolder
from recbole_opal.version import __version__

__all__ = ["INDEX_FILES", "load_index", "save_index", "stored_kind"]

INDEX_FILES = ("index.json", "index.faiss")
_DESCRIPTION, _INDEX = INDEX_FILES
_FORMAT = 1
_FIX = "build the index again"


class _Description(BaseModel):
    """What index.json holds."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: int
    kind: str
    settings: dict[str, Any] | None = Field(description="of an approximate kind")
    items: int = Field(ge=1, description="N, the padding among them")
    width: int = Field(ge=1, description="D")
    items_sha256: str
    first_item: int = Field(description="item id of the index's first vector, the padding is 0")
    recbole_opal: str
    faiss: str | None


def save_index(folder: VerifiedFolder, retriever: Retriever) -> None:
    """Write index.json and, unless the search is `torch`'s, index.faiss, both or neither.

    A CheckpointError tells what cannot be written.
    """
    table, index, version = retriever.items.table, None, None
    if isinstance(retriever, ApproximateIndex | FaissFlatIndex):
        faiss = import_faiss(retriever.kind)
        index, version = faiss.serialize_index(retriever.index).tobytes(), faiss.__version__
    settings: IndexSettings | None = getattr(retriever, "settings", None)
    description = _Description(
        format=_FORMAT,
        kind=retriever.kind,
        settings=None if settings is None else settings.model_dump(),
        items=len(table),
        width=table.shape[1],
        items_sha256=table_digest(table),
        first_item=1,
        recbole_opal=__version__,
        faiss=version,
    )
    with folder.update():
        folder.write(_DESCRIPTION, encode_json(description.model_dump()))
        if index is None:
            folder.drop(_INDEX)
        else:
            folder.write(_INDEX, index)


def stored_kind(reader: RunReader) -> str | None:
    """Return the kind of the search that `save_index` wrote, None where it wrote none.

    A CheckpointError says that its description is damaged, missing or of a newer version.
    """
    if not set(INDEX_FILES) & {*reader.names}:
        return None
    return _read_description(reader).kind


def load_index(
    reader: RunReader,
    items: Tensor,
    block_size: int = DEFAULT_BLOCK_SIZE,
    scoring: Scoring = MAXIMUM,
) -> Retriever:
    """Return the search that `save_index` wrote, over the same item table, (N, D).

    The scoring is the model's: an index is the same for all.

    Raises:
        CheckpointError: a file is missing, damaged or of a newer version, or the items are not
            those that the index was built of.
        RetrievalError: Faiss is missing.
    """
    description = _read_description(reader)
    vectors = ItemVectors.of(items)
    if table_digest(vectors.table) != description.items_sha256:
        raise CheckpointError(
            f"{reader.path / _DESCRIPTION} describes an index of other item vectors than the "
            f"model's; {_FIX} for these weights."
        )
    settings = index_settings(description.kind, description.settings)
    if description.kind == "torch":
        return make_retriever("torch", items, block_size, scoring=scoring)
    data = reader.read(_INDEX)
    if settings is None:  # its content is the item vectors, which have just been compared
        return make_retriever(description.kind, items, block_size, scoring=scoring)
    faiss = import_faiss(description.kind)
    with refusing(str(reader.path / _INDEX), "is no index that Faiss reads", _FIX):
        index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        check_index(description.kind, settings, index, vectors)
    return ApproximateIndex(description.kind, vectors, block_size, settings, scoring, index=index)


def _read_description(reader: RunReader) -> _Description:
    path, value = str(reader.path / _DESCRIPTION), reader.load_json(_DESCRIPTION)
    found = value.get("format") if isinstance(value, dict) else None
    if isinstance(found, int) and found > _FORMAT:
        raise CheckpointError(
            f"{path} has format {quoted(str(found))}, this version reads {_FORMAT}; update "
            "recbole_opal, or build the index again."
        )
    with refusing(path, "describes no index", _FIX):
        description = _Description.model_validate(value)
        if description.kind not in KINDS or description.format != _FORMAT:
            raise ValueError(f"kind {description.kind!r}, format {description.format}")
        try:
            index_settings(description.kind, description.settings)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return description
