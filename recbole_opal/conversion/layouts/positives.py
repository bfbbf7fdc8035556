"""Which rows of a log count as positive: named rules."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.layouts.cells import FloatArray, numbers
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.table_files import read_table
from recbole_opal.errors import SettingsError
from recbole_opal.suggest import did_you_mean

__all__ = ["Positive", "any_of", "choose", "everything", "flag", "meanings", "positive_rows"]

BoolArray = npt.NDArray[np.bool_]
Derive = Callable[[pd.DataFrame], Mapping[str, FloatArray]]


@dataclass(frozen=True)
class Positive:
    """A rule.

    Attributes:
        meaning: one line for the user.
        columns: the columns of the log that it looks at.
        test: gets them by name, (n,) float64 each, and the threshold; tells (n,) what is positive.
        threshold: the smallest watch ratio that is positive, None: the rule has none.
        name: by which it was chosen.
    """

    meaning: str
    columns: tuple[str, ...]
    test: Callable[[Mapping[str, FloatArray], float], BoolArray]
    threshold: float | None = None
    name: str = ""

    def otherwise(self, threshold: float) -> str:
        """Return why a row is left out."""
        limit = f" --watch_ratio={threshold:g}" if self.threshold is not None else ""
        return f"not positive by --rule={self.name}{limit}"


def flag(column: str, meaning: str) -> Positive:
    """Make the rule that a 0/1 column is 1."""
    return any_of((column,), meaning)


def any_of(columns: tuple[str, ...], meaning: str) -> Positive:
    """Make the rule that at least one of several 0/1 columns is 1."""

    def test(values: Mapping[str, FloatArray], threshold: float) -> BoolArray:
        found: BoolArray = np.logical_or.reduce([values[column] > 0 for column in columns])
        return found

    return Positive(meaning, columns, test)


def everything(meaning: str) -> Positive:
    """Make the rule that every row is positive."""
    return Positive(meaning, (), lambda values, threshold: np.ones(0, dtype=np.bool_))


def meanings(rules: Mapping[str, Positive]) -> dict[str, str]:
    """Return what `Layout.rules` tells the user, the default first."""
    return {name: rule.meaning for name, rule in rules.items()}


def choose(
    rules: Mapping[str, Positive], name: str, options: Mapping[str, str], layout: str
) -> tuple[Positive, float]:
    """Return a rule and its threshold, from `--watch_ratio` or its own.

    Raises:
        SettingsError: there is no such rule, it has no threshold, or that is no number above 0.
    """
    if name not in rules:
        hint = did_you_mean(name, rules, "--rule=") or f"; choose from {', '.join(rules)}."
        raise SettingsError(f"--rule={name}: {layout} has no such rule{hint}")
    rule = replace(rules[name], name=name)
    given = options.get("watch_ratio")
    if given is None:
        return rule, rule.threshold or 0.0
    if rule.threshold is None:
        known = ", ".join(each for each in rules if rules[each].threshold is not None)
        raise SettingsError(
            f"--watch_ratio={given} has no meaning under --rule={name}"
            + (f"; write --rule={known} or leave it out." if known else "; leave it out.")
        )
    try:
        threshold = float(given)
    except ValueError:
        threshold = np.nan
    if not 0 < threshold < np.inf:
        raise SettingsError(f"--watch_ratio={given}: give a number above 0, for example 1.0.")
    return rule, threshold


def positive_rows(
    path: Path,
    columns: tuple[str, ...],
    rule: Positive,
    threshold: float,
    tally: Tally,
    derive: Derive | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the positive rows of a log, chunk by chunk, and count the others.

    Args:
        path: of the log.
        columns: those wanted; the chunks have them first, as text.
        rule: tells what is positive.
        threshold: of the rule.
        tally: counts.
        derive: adds values that the rule needs and the log lacks.

    Raises:
        DataError: the file is malformed.
    """
    wanted = (*columns, *(column for column in rule.columns if column not in columns))
    for chunk in read_table(path, wanted, tally):
        if not rule.columns:
            yield chunk
            continue
        values = {column: numbers(chunk, column, required=True) for column in rule.columns}
        if derive is not None:
            values.update(derive(chunk))
        yield tally.keep(chunk, rule.test(values, threshold), rule.otherwise(threshold))
