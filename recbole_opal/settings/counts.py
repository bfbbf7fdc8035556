"""What a comparison is asked for beside settings: seeds, trials, seconds of a trial, jobs."""

from math import inf
from typing import Any

from recbole_opal.errors import SettingsError

__all__ = ["checked_count", "checked_seconds", "checked_seeds"]

_LARGEST_SEED = 2**32 - 1
_MOST = {"tune": 10**6, "jobs": 4096}


def checked_seeds(value: Any, told: str, least: int = 0) -> tuple[int, ...]:
    """Return the seeds that one number or a list of numbers stands for.

    Args:
        value: plain, as `parse_value` and `plain_value` return it.
        told: how it was given, for messages.
        least: number of seeds.

    Raises:
        SettingsError: it holds something else, too few, or a seed twice.
    """
    seeds = tuple(value) if isinstance(value, list | tuple) else (value,)
    whole = all(_is_whole(seed) and 0 <= seed <= _LARGEST_SEED for seed in seeds)
    if len(seeds) < least or not whole:
        raise SettingsError(
            f"--seeds={told} is not a list of integers in [0, {_LARGEST_SEED}]; write "
            "for example --seeds=1,2,3."
        )
    if len(set(seeds)) < len(seeds):
        raise SettingsError(f"--seeds={told} names a seed twice; keep one of them.")
    return seeds


def checked_count(name: str, value: Any, told: str, least: int) -> int:
    """Return the number of settings to try, or of runs at once.

    Args:
        name: `tune` or `jobs`.
        value: plain.
        told: how it was given, for messages.
        least: the smallest value, which is the default.

    Raises:
        SettingsError: it is no integer, or out of range.
    """
    if not _is_whole(value) or value < least:
        raise SettingsError(
            f"--{name}={told} is not an integer in [{least}, inf); write for example "
            f"--{name}={least + 1}."
        )
    if value > _MOST[name]:
        raise SettingsError(f"--{name}={told} is more than {_MOST[name]}; write a smaller number.")
    return int(value)


def checked_seconds(value: Any, told: str) -> float:
    """Return the bound of a trial.

    Args:
        value: plain.
        told: how it was given, for messages.

    Raises:
        SettingsError: it is no number, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise SettingsError(
            f"--tune_seconds={told} is not a number in (0, inf); write for example "
            "--tune_seconds=60."
        )
    return float(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
