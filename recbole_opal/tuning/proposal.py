"""Which settings to try next: a function of the finished trials and the seed alone.

Optuna's samplers keep their random state in memory, so that a search that was cut off would go on
differently, or try its first draws again. Here each trial has a sampler of its own, seeded by the
trial's place: whoever goes on draws what an uninterrupted search would have drawn.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import product
from typing import Any

from recbole_opal.tuning.knobs import Knob, Range
from recbole_opal.tuning.optuna_host import (
    TunedTrial,
    decoded,
    direction,
    distributions,
    frozen_trial,
)

__all__ = ["next_settings"]

# Random draws before the estimator takes over, the defaults counted; Optuna's 10 would be all of a
# small budget.
_RANDOM_TRIALS = 5
# Draws of one trial before the space counts as nearly used up.
_DRAWS = 20
# So many of them are rounded; a range may be narrower than the rounding.
_ROUNDED_DRAWS = 15
_DIGITS = 3


def next_settings(
    space: Mapping[str, Knob],
    defaults: Mapping[str, Any],
    finished: Sequence[TunedTrial],
    seed: int,
    *,
    bigger: bool = True,
) -> dict[str, Any] | None:
    """Return the settings of the next trial, none that was tried before.

    The first trial is the defaults, the next ones are random, the rest come from Optuna's
    tree-structured Parzen estimator (Bergstra et al., NIPS 2011). Numbers have three significant
    digits (more in a range too narrow for that), so that a table can show the very values that were
    used.

    Returns:
        Name to value, or None if every combination was tried.
    """
    if not finished:
        return {name: defaults[name] for name in space}
    tried = [trial["settings"] for trial in finished]
    for draw in range(_DRAWS):
        settings = _draw(space, finished, _seed(seed, len(finished), draw), bigger=bigger)
        if draw < _ROUNDED_DRAWS:
            settings = {name: _rounded(knob, settings[name]) for name, knob in space.items()}
        if settings not in tried:
            return settings
    return _untried(space, tried, _seed(seed, len(finished), _DRAWS))


def _draw(
    space: Mapping[str, Knob], finished: Sequence[TunedTrial], seed: int, *, bigger: bool
) -> dict[str, Any]:
    """Ask Optuna, in a study in memory that holds the finished trials."""
    import optuna

    sampler = optuna.samplers.TPESampler(n_startup_trials=_RANDOM_TRIALS, seed=seed)
    study = optuna.create_study(direction=direction(bigger=bigger), sampler=sampler)
    told = [trial for trial in finished if trial["score"] is not None]
    study.add_trials(frozen_trial(space, trial) for trial in told)
    return decoded(space, study.ask(distributions(space)).params)


def _rounded(knob: Knob, value: Any) -> Any:
    if not isinstance(knob, Range) or knob.whole:
        return value
    return min(max(float(f"{value:.{_DIGITS}g}"), knob.low), knob.high)


def _untried(
    space: Mapping[str, Knob], tried: Sequence[Mapping[str, Any]], seed: int
) -> dict[str, Any] | None:
    """Return one of the last combinations; reached only where the space is nearly used up."""
    combinations = product(*(knob.values() or () for knob in space.values()))
    every = (dict(zip(space, values, strict=True)) for values in combinations)
    left = [settings for settings in every if settings not in tried]
    return left[seed % len(left)] if left else None


def _seed(*parts: int) -> int:
    return int.from_bytes(sha256(repr(parts).encode()).digest()[:4], "big")
