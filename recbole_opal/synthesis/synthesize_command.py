"""The command `synthesize`: a data set of any size whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from recbole_opal.data.next_commands import train_command
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown, truth
from recbole_opal.settings.grammar import split_flags
from recbole_opal.settings.paths import home_path
from recbole_opal.settings.values import parse_value

__all__ = ["main"]


@dataclass(frozen=True)
class _Flag:
    argument: str
    default: int | float
    meaning: str


_FLAGS = {
    "users": _Flag("num_users", 1000, "users"),
    "items": _Flag("num_items", 500, "items"),
    "categories": _Flag("num_categories", 16, "categories of items; twice --interests at least"),
    "interests": _Flag("interests_per_user", 3, "interests of a user, each a category"),
    "length": _Flag("mean_length", 40.0, "mean number of interactions of a user"),
    "drift": _Flag("drift", 0.2, "probability that an interest moves to a new category, in [0, 1]"),
    "skew": _Flag("popularity_skew", 1.0, "Zipf exponent of items in a category; 0 = all alike"),
    "sessions": _Flag("session_length", 4.0, "mean number of interactions of a session"),
    "noise": _Flag("noise", 0.05, "share of interactions with any category, in [0, 1]"),
    "seed": _Flag("seed", 0, "the same seed gives the same files, byte by byte"),
}
_BUNDLED = "synthetic-small"  # dataset/synthetic-small has been drawn by this command


def main(argv: Sequence[str]) -> int:
    """Draw a log and write it as a data set.

    Args:
        argv: `--key=value` arguments, `--help` for a list.

    Returns:
        0, or 2 after an error, which is one line on standard error.
    """
    return answer(argv, _help, lambda: _synthesize(*_parse(argv)))


def _parse(argv: Sequence[str]) -> tuple[Path, bool, dict[str, Any]]:
    """Return the folder, whether it may be replaced, and the arguments of `synthesize`."""
    texts = split_flags(argv, switches=["overwrite"])
    refuse_unknown(texts, [*_FLAGS, "out", "overwrite"], "synthesize")
    if not texts.get("out"):
        raise SettingsError(f"--out is missing; write for example {_usage()}.")
    overwrite = truth(texts, "overwrite", False)
    return home_path(texts["out"]), overwrite, _numbers(texts)


def _numbers(texts: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, flag in _FLAGS.items():
        value = parse_value(texts[name]) if name in texts else flag.default
        kinds = int if isinstance(flag.default, int) else int | float
        if isinstance(value, bool) or not isinstance(value, kinds):
            kind = "an integer" if kinds is int else "a number"
            raise SettingsError(
                f"--{name}={texts[name]} is not {kind}; write for example --{name}={flag.default}."
            )
        values[flag.argument] = value
    if values["seed"] < 0:
        raise SettingsError(f"--seed={values['seed']} is negative; give 0 or more.")
    return values


def _synthesize(target: Path, overwrite: bool, values: dict[str, Any]) -> None:
    # Imported only now: a mistyped argument is told at once.
    from recbole_opal.data.generated_settings import is_hand_written
    from recbole_opal.data.target import check_target, remove_others
    from recbole_opal.synthesis.synthetic_files import write_atomic
    from recbole_opal.synthesis.synthetic_limits import check_synthetic
    from recbole_opal.synthesis.synthetic_log import synthesize

    check_target(target, overwrite, _BUNDLED)
    files = [f"{target.name}.{kind}" for kind in ("inter", "item", "yaml")]
    if is_hand_written(target / files[-1]):
        raise DataError(
            f"{target / files[-1]} was written by hand, where synthesize has settings to write; "
            "move it away."
        )
    flags = {flag.argument: f"--{name}" for name, flag in _FLAGS.items()}
    check_synthetic(values, flags.__getitem__)
    started = perf_counter()
    try:
        log = synthesize(**values)
        drawn = perf_counter()
        write_atomic(log, target.parent, target.name)
        remove_others(target, [*files, "truth.npz"])
    except MemoryError as error:
        raise DataError(
            "there is not memory enough for so many interactions; lower --users or --length."
        ) from error
    written = perf_counter()
    print(
        f"{len(log.users):,} interactions of {values['num_users']:,} users with "
        f"{values['num_items']:,} items in {values['num_categories']:,} categories, drawn in "
        f"{drawn - started:.1f} s, written in {written - drawn:.1f} s"
    )
    print(f"data set: {target}, the truth in {target / 'truth.npz'}")
    print(f"train with: {train_command(target)}")


def _help() -> str:
    lines = [
        f"usage: {_usage()} [--key=value ...]",
        "",
        "Draw a log in which every user's interests are known, and write it as a data set.",
        "",
    ]
    lines += [f"  --{name}={flag.default}: {flag.meaning}" for name, flag in _FLAGS.items()]
    lines += ["  --overwrite=False: True replaces the data set that --out holds"]
    return "\n".join(lines)


def _usage() -> str:
    return command("--out=dataset/NAME", name="synthesize")
