"""Whether a model's interests do different things: how they share the work, how alike they are.

A model has collapsed when its K interests do the work of one, which any of three signs says. Their
thresholds are this project's; they call for a look and prove nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.evaluation.judged import InterestRecord, Judged

__all__ = ["collapse_warning", "interest_diagnostics", "normalised_entropy"]

_LARGEST_SHARE = 0.9
"""Of what is listed; all other interests fill one place in ten."""
_LOWEST_ENTROPY = 0.5
"""By log K: as if fewer than sqrt(K) interests were in even use."""
_LARGEST_COSINE = 0.98
"""11 degrees apart: such interests rank almost the same items, whoever wins them by a hair."""


def interest_diagnostics(lists: Judged) -> dict[str, Any] | None:
    """Describe the interests over the whole test, or return None for a model without interests.

    Returns:
        `num_interests`; `usage`, the share of listed items that each interest won; its
        `usage_entropy` in [0, 1]; `hit_usage` and `hit_entropy`, the same over hits, None without
        one; `cosine`, the mean over users of the mean cosine between two of their active interests,
        None if no user has two; `dead_users`, the share of users with an active interest that wins
        nothing in the list; `collapsed`.
    """
    if lists.interests is None:
        return None
    record = lists.interests
    wins = _wins(record, lists.items > 0)  # (E, K)
    usage = _shares(wins.sum(axis=0))
    hit_usage = _shares(_wins(record, lists.hits).sum(axis=0))
    cosines = record.cosines[~np.isnan(record.cosines)]
    found: dict[str, Any] = {
        "num_interests": record.count,
        "usage": usage,
        "usage_entropy": normalised_entropy(usage),
        "hit_usage": hit_usage,
        "hit_entropy": normalised_entropy(hit_usage),
        "cosine": float(cosines.mean()) if cosines.size else None,
        "dead_users": float(((wins == 0) & record.active).any(axis=1).mean()),
    }
    return found | {"collapsed": bool(_signs(found))}


def collapse_warning(diagnostics: dict[str, Any]) -> str | None:
    """Return one line that says how the interests collapsed, or None if they did not."""
    signs = _signs(diagnostics)
    if not signs:
        return None
    return (
        f"the {diagnostics['num_interests']} interests collapsed: {', '.join(signs)}; "
        "they retrieve little more than one would."
    )


def normalised_entropy(shares: list[float] | None) -> float | None:
    """Return the entropy of K shares by log K: 1 is even use (so is K = 1), 0 is one in use."""
    if shares is None:
        return None
    if len(shares) == 1:
        return 1.0
    used = np.array([share for share in shares if share > 0])
    return float(-(used * np.log(used)).sum() / np.log(len(shares))) + 0.0


def _wins(record: InterestRecord, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Count for each user what each interest won, (E, K), where `counted` (E, k) is True."""
    rows, places = np.nonzero(counted)
    keys = rows * record.count + record.winners[rows, places]
    shape = (len(record.winners), record.count)
    return np.bincount(keys, minlength=shape[0] * shape[1]).reshape(shape)


def _shares(counts: npt.NDArray[np.int64]) -> list[float] | None:
    """Return each count's share of their sum, None if there is nothing to share."""
    total = int(counts.sum())
    return [float(count / total) for count in counts] if total else None


def _signs(found: dict[str, Any]) -> list[str]:
    if found["num_interests"] == 1 or found["usage"] is None:
        return []
    signs = []
    if max(found["usage"]) > _LARGEST_SHARE:
        signs.append(f"one wins {max(found['usage']):.0%} of the lists")
    if found["usage_entropy"] is not None and found["usage_entropy"] < _LOWEST_ENTROPY:
        signs.append(f"usage entropy {found['usage_entropy']:.2f}")
    if found["cosine"] is not None and found["cosine"] > _LARGEST_COSINE:
        signs.append(f"mean cosine {found['cosine']:.3f}")
    return signs
