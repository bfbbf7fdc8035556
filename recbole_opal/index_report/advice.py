"""In words: which search is worth its loss, and how it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.index_report.measuring import Measured
from recbole_opal.settings.fields import typed

__all__ = ["RECALL_WANTED", "advice", "fastest"]

RECALL_WANTED = 0.95
_WORTH = 1.5
"""How many times as fast a search must be, to be worth an index beside the item vectors."""


def fastest(found: Sequence[Measured], wanted: float = RECALL_WANTED) -> Measured | None:
    """Return the fastest search that reaches a recall, of equals the one of fewer bytes."""
    good = [each for each in found if each.recall >= wanted]
    return min(good, key=lambda each: (each.milliseconds, each.bytes_per_item), default=None)


def advice(exact: Measured, found: Sequence[Measured], k: int, count: int) -> str:
    """Return what to do about a catalogue of so many items, and the flags for it."""
    if not found:
        return f"No other search fits {count:,} items: keep the exact one, --retrieval=torch."
    best = fastest(found)
    if best is None:
        top = max(found, key=lambda each: each.recall)
        return (
            f"No search reaches a recall@{k} of {RECALL_WANTED}: {top.name} comes closest with "
            f"{top.recall:.4f}. Keep the exact search, --retrieval=torch."
        )
    times = exact.milliseconds / best.milliseconds
    if times < _WORTH:
        return (
            f"Keep the exact search, --retrieval=torch: at {count:,} items it takes "
            f"{exact.milliseconds:.4g} ms a user, and the fastest other with a recall@{k} of at "
            f"least {RECALL_WANTED}, {best.name}, {best.milliseconds:.4g} ms. An index pays for "
            "larger catalogues."
        )
    return (
        f"{best.name} is the fastest search with a recall@{k} of at least {RECALL_WANTED}: "
        f"{best.milliseconds:.4g} ms a user at recall {best.recall:.4f}, {times:.1f} times as fast "
        f"as the exact one ({exact.milliseconds:.4g} ms), with {best.bytes_per_item:.1f} bytes an "
        f"item: {flags(best)}"
    )


def flags(chosen: Measured) -> str:
    """Return the flags that ask for a search, ready to be pasted."""
    settings = f" --retrieval_args={typed(dict(chosen.settings))}" if chosen.settings else ""
    return f"--retrieval={chosen.kind}{settings}"
