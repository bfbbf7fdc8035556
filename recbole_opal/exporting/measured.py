"""The test metrics of a stage, with what other users would have changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.runs import RunReader
from recbole_opal.statistics.paired import bootstrap_means

__all__ = ["Measured", "measured", "resamples_of"]

_MOST, _LEAST = 10_000, 1_000
_DRAWS = 3 * 10**8
"""Users drawn in all: some seconds; the interval of many users needs fewer resamples."""
_LEVEL = 0.95


@dataclass(frozen=True)
class Measured:
    """A metric on the test part.

    Attributes:
        name: as `recall@50`.
        value: its mean over users, or its value over all lists.
        low: the lower end of the 95 % interval; None for what users have no value of.
        high: the upper end.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def measured(run: RunReader, stage: str) -> list[Measured]:
    """Return the test metrics of a stage in the order of metrics.json; empty: it was not tested.

    The interval is the percentile interval of the bootstrap over users, of those with a value.
    """
    metrics: Mapping[str, float] = run.load_json("metrics.json")["stages"][stage].get("test", {})
    name = f"per_user-{stage}-test.npz"
    users: Mapping[str, npt.NDArray[Any]] = run.load_arrays(name) if name in run.names else {}
    values = {each: users[each].astype(np.float64) for each in metrics if each in users}
    ends = dict(_intervals(values))
    return [
        Measured(each, value, *ends.get(each, (None, None)))
        for each, value in metrics.items()
        if value is not None
    ]


def resamples_of(users: int) -> int:
    """Return how often the users are drawn."""
    return min(_MOST, max(_LEAST, _DRAWS // max(users, 1)))


def _intervals(
    values: Mapping[str, npt.NDArray[np.float64]],
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the ends of each metric's interval; metrics of the same users share the draws."""
    groups: dict[bytes, list[str]] = {}
    for name, each in values.items():
        groups.setdefault(np.isfinite(each).tobytes(), []).append(name)
    for names in groups.values():
        table = np.stack([values[name][np.isfinite(values[name])] for name in names], axis=1)
        if len(table) < 2:
            continue
        generator = np.random.default_rng(0)
        means = bootstrap_means(table, resamples_of(len(table)), generator)
        bounds = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0)  # (2, M)
        for place, name in enumerate(names):
            yield name, (float(bounds[0, place]), float(bounds[1, place]))
