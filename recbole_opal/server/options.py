"""What `serve` can be told."""

from __future__ import annotations

from typing import Any

from recbole_opal.settings.fields import Section, setting

__all__ = ["ServeOptions"]


class ServeOptions(Section):
    """Where the service listens, what answers, and what one request may ask for."""

    host: str = setting("127.0.0.1", "address to listen on; 0.0.0.0: on all, there is no password")
    port: int = setting(8000, "to listen on; 0: any that is free", ge=0, le=65535)
    stage: str = setting("best", "best on validation, or a stage by name")
    retrieval: str | None = setting(
        None, "torch (exact), faiss, hnsw, ...; None: as exported, else exact", examples=["hnsw"]
    )
    retrieval_args: dict[str, Any] | None = setting(
        None, "settings of the search", examples=[{"ef_search": 64}]
    )
    max_batch: int = setting(
        256, "histories of a request, and of one matrix product", ge=1, le=10**5
    )
    max_k: int = setting(1000, "items of a list", ge=1, le=10**6)
    max_history: int = setting(1000, "items of a history", ge=1, le=10**6)
    max_body: int = setting(2**21, "bytes of a request's body", ge=1, le=2**31)
    threads: int = setting(1, "that the model computes with", ge=1, le=4096)
