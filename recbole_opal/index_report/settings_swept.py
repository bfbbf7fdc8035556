"""Which settings of each kind are tried, from the fastest to the most thorough."""

from __future__ import annotations

from typing import Any

__all__ = ["SWEPT_KINDS", "settings_swept"]

_PROBES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_BREADTHS = (16, 32, 64, 128, 256, 512)

SWEPT_KINDS = ("faiss", "sq8", "ivf-flat", "ivf-pq", "hnsw")
"""All kinds but the exact search of ours, to which the others are compared."""


def settings_swept(kind: str, lists: int | None = None) -> list[dict[str, Any]]:
    """Return settings of the search of a kind; of an index with `lists`, no more are probed."""
    if kind == "hnsw":
        return [{"ef_search": breadth} for breadth in _BREADTHS]
    if kind == "sq8":
        return [{"refine": factor} for factor in (1, 2, 4)]
    if kind in ("ivf-flat", "ivf-pq"):
        probes = [number for number in _PROBES if lists is None or number < lists]
        probes += [lists] if lists is not None and lists <= _PROBES[-1] else []
        found: list[dict[str, Any]] = [{"nprobe": number} for number in probes]
        # Codes are coarse: beyond some lists only more candidates, scored again, help.
        more = (4, 8, 16) if kind == "ivf-pq" else ()
        return found + [{"nprobe": probes[-1], "refine": factor} for factor in more]
    return [{}]
