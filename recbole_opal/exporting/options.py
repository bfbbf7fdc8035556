"""What `export` can be told of a bundle."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from recbole_opal.settings.fields import Section, Text, setting

__all__ = ["Export"]

_Line = Annotated[Text, AfterValidator(lambda text: " ".join(text.split()))]


class Export(Section):
    """What goes into a bundle; by default everything."""

    stage: str = setting("best", "best on validation, or a stage by name")
    retrieval: str = setting(
        "faiss", "the kind of the index: faiss, which is exact, hnsw, ...", examples=["hnsw"]
    )
    retrieval_args: dict[str, Any] | None = setting(
        None, "settings of the index", examples=[{"nlist": 64}]
    )
    index: bool = setting(True, "index.faiss, which finds the best items")
    program: bool = setting(True, "encoder.pt2, the encoder by torch.export")
    onnx: bool = setting(True, "encoder.onnx and query.py; needs the extra `export`")
    parquet: bool = setting(True, "items.parquet; needs the extra `parquet`")
    categories: bool = setting(True, "the items' categories, for lists that are diverse")
    license: _Line | None = setting(
        None, "of the model, for its card; None: not stated", examples=["mit"]
    )
    data_license: _Line | None = setting(
        None, "of the data; None: what is known by the data set's name", examples=["cc0-1.0"]
    )
