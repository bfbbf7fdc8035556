"""`runs compare`: runs side by side, and which of their differences can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

from rich.console import Group
from rich.text import Text

from recbole_opal.comparison.run_files import (
    RunMetrics,
    StageMetrics,
    load_metrics,
    load_user_values,
    open_run,
)
from recbole_opal.comparison.same_test import refuse_other_tests
from recbole_opal.comparison.text_tables import as_interval, as_p_value
from recbole_opal.console.screen import plain_table, screen
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import as_told_by, better, title_of
from recbole_opal.report.wording import number
from recbole_opal.run_list.differing import differing_settings
from recbole_opal.runs import RunReader
from recbole_opal.settings.paths import run_path
from recbole_opal.statistics import PairedDifference, paired_differences
from recbole_opal.suggest import did_you_mean

__all__ = ["Compared", "compare_runs", "compared"]

_HOW_TO_READ = (
    "Paired over the users of the test part; * the 95 % interval excludes 0. The p-values are of\n"
    "paired t-tests, not corrected for the number of metrics."
)


@dataclass(frozen=True)
class Compared:
    """A run among those that are compared, by a letter."""

    letter: str
    run: RunReader
    metrics: RunMetrics
    stage: str

    @property
    def measured(self) -> StageMetrics:
        """What the stage reached."""
        return self.metrics.stages[self.stage]

    def less(self, other: Compared) -> dict[str, PairedDifference]:
        """Return the difference of each test metric to another run, paired over the users."""
        own, theirs = (load_user_values([each.run], each.stage).metrics for each in (self, other))
        return paired_differences(own, theirs)


def compare_runs(words: Sequence[str], flags: Mapping[str, str]) -> None:
    """Print the metrics of runs side by side, their differences to the first, their settings.

    Raises:
        SettingsError: fewer than two runs are named, or they were not asked the same.
        CheckpointError: one has not finished, or is damaged.
    """
    runs = compared([run_path(word) for word in words], flags.get("stage", "best"))
    own = {name: told for each in runs for name, told in each.metrics.own_metrics.items()}
    console = screen()
    for each in runs:
        print(f"{each.letter} = {each.run.path}, {each.stage}")
    with as_told_by(own):
        console.print(_metrics(runs))
        for other in runs[1:]:
            console.print(_differences(other, runs[0]))
    print(_HOW_TO_READ)
    console.print(_settings(runs))


def compared(paths: Sequence[Path], stage: str = "best") -> list[Compared]:
    """Open runs to compare them; each is taken at its best stage on validation, or at `stage`."""
    if not 2 <= len(paths) <= len(ascii_uppercase):
        given = "1 run is" if len(paths) == 1 else f"{len(paths)} runs are"
        raise SettingsError(f"{given} named; write runs compare RUN RUN, with 2 to 26 of them.")
    twice = [path for path, times in Counter(map(Path.resolve, paths)).items() if times > 1]
    if twice:
        raise SettingsError(f"{twice[0]} is named twice; name each run once.")
    runs = [open_run(path) for path in paths]
    refuse_other_tests(runs)
    found = []
    for letter, run in zip(ascii_uppercase, runs, strict=False):
        metrics = load_metrics(run)
        chosen = metrics.best_stage if stage == "best" else stage
        if chosen not in metrics.stages:
            known = ["best", *metrics.stages]
            hint = did_you_mean(stage, known) or f"; choose from {', '.join(known)}."
            raise SettingsError(f"--stage={stage} is no stage of {run.path}{hint}")
        found.append(Compared(letter, run, metrics, chosen))
    return found


def _metrics(runs: Sequence[Compared]) -> Group:
    rows = []
    for part in ("valid", "test"):
        found = [getattr(each.measured, part) for each in runs]
        for metric in (name for name in found[0] if all(name in each for each in found)):
            title = f"{part} {title_of(metric, short=True)}"
            title += "" if better(metric) == "higher" else " (lower is better)"
            rows.append([title, *(number(each[metric]) for each in found)])
    return plain_table("metrics", ["", *(each.letter for each in runs)], rows)


def _differences(one: Compared, other: Compared) -> Group:
    rows = []
    for metric, found in one.less(other).items():
        mark = " *" if found.low > 0 or found.high < 0 else ""
        gap = [f"{found.difference:+.4f}{mark}", as_interval(found.low, found.high)]
        rows.append([title_of(metric, short=True), *gap, as_p_value(found.p), str(found.n)])
    header = ["", "difference", "95 % interval", "p", "users"]
    return plain_table(f"{one.letter} less {other.letter}, on test", header, rows)


def _settings(runs: Sequence[Compared]) -> Group | Text:
    different = differing_settings([each.run.load_yaml("config.yaml") for each in runs])
    if not different:
        return Text("settings: all the same")
    rows = [[name, *values] for name, values in different.items()]
    return plain_table("settings that differ", ["", *(each.letter for each in runs)], rows)
