"""`runs list`: a table of the runs in a folder."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from recbole_opal.console.screen import screen
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.own_models import name_of
from recbole_opal.process.program import command
from recbole_opal.report import wording
from recbole_opal.run_list.finding import comparisons_of, folder_given, runs_in
from recbole_opal.run_list.summary import RunSummary, summarise
from recbole_opal.settings.flags import truth
from recbole_opal.settings.paths import SAVED
from recbole_opal.suggest import did_you_mean

__all__ = ["list_runs", "summaries"]

_COLUMNS = ("run", "model", "dataset", "stage", "valid", "test", "when (UTC)", "took", "state",
            "size")  # fmt: skip


def list_runs(words: Sequence[str], flags: Mapping[str, str]) -> None:
    """Print the runs of a folder.

    Raises:
        SettingsError: there is no such folder, or a flag says what cannot be.
    """
    if len(words) > 1:
        raise SettingsError(f"{len(words)} folders are named; name the one that holds the runs.")
    as_json, as_csv = truth(flags, "json", False), truth(flags, "csv", False)
    if as_json and as_csv:
        raise SettingsError("--json and --csv are two forms of one list; keep one of them.")
    sort = _sort_of(flags.get("sort", "when"))
    folder = folder_given(words[0] if words else SAVED)
    found = _sorted(_kept(summaries(folder), flags), sort)
    if as_json:
        print(json.dumps([each.as_plain() for each in found], indent=1))
    elif as_csv:
        _print_csv(found)
    else:
        _print_table(found, folder)


def summaries(folder: Path) -> list[RunSummary]:
    """Return a line of each run in a folder, in no order."""
    owners = comparisons_of(folder)
    return [
        summarise(path, os.path.relpath(path, folder), owners.get(path.resolve(), ()))
        for path in runs_in(folder)
    ]


_SORTS: dict[str, Callable[[RunSummary], Any]] = {
    "when": lambda run: -run.when.timestamp(),
    "name": lambda run: run.name,
    "model": lambda run: run.model or "~",
    "dataset": lambda run: run.dataset or "~",
    "valid": lambda run: _best_first(run.metric, run.valid),
    "test": lambda run: _best_first(run.metric, run.test),
    "seconds": lambda run: -(run.seconds or 0.0),
    "size": lambda run: -run.bytes,
}


def _sort_of(name: str) -> str:
    if name not in _SORTS:
        hint = did_you_mean(name, _SORTS) or f"; choose from {', '.join(_SORTS)}."
        raise SettingsError(f"--sort={name} is not a column to sort by{hint}")
    return name


def _sorted(runs: Sequence[RunSummary], sort: str) -> list[RunSummary]:
    newest = sorted(runs, key=lambda run: (-run.when.timestamp(), run.name))
    return sorted(newest, key=_SORTS[sort])


def _best_first(metric: str | None, found: float | None) -> tuple[bool, str, float]:
    """Order values of one metric from the best on, metric by metric; runs without one come last."""
    if metric is None or found is None:
        return True, "", 0.0
    return False, metric, -found if bigger_is_better(metric) else found


def _kept(runs: Sequence[RunSummary], flags: Mapping[str, str]) -> list[RunSummary]:
    """Return the runs of the model and the data set that are asked for, letter case aside."""
    wanted = {name: flags[name].lower() for name in ("model", "dataset") if name in flags}
    return [
        run
        for run in runs
        if all(name_of(getattr(run, name) or "").lower() == each for name, each in wanted.items())
    ]


def _print_csv(runs: Sequence[RunSummary]) -> None:
    plain = [run.as_plain() for run in runs]
    names = [name for name in RunSummary.__dataclass_fields__ if name != "path"]
    writer = csv.DictWriter(
        sys.stdout, ["path", *names], extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(line | {"comparisons": " ".join(line["comparisons"])} for line in plain)


def _print_table(runs: Sequence[RunSummary], folder: Path) -> None:
    if not runs:
        print(f"no runs in {folder}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        number = name in ("valid", "test", "took", "size")
        table.add_column(name, justify="right" if number else "left", no_wrap=name != "run",
                         overflow="fold" if name == "run" else "ellipsis")  # fmt: skip
    for run in runs:
        table.add_row(*map(Text, _cells(run)))
    screen().print(table)
    total = sum(run.bytes for run in runs)
    print(f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}, {wording.size(total)}")
    members = Counter(name for run in runs for name in run.comparisons)
    for name, count in members.items():
        print(f"of {name}: {count} of them")
    for run in runs:
        if run.state == "unfinished":
            print(f"to go on with {run.name}: {command(f'--resume={run.path}')}")
        if run.problem:
            print(f"{run.name} is damaged: {run.problem}")


def _cells(run: RunSummary) -> list[str]:
    metric = f"{title_of(run.metric, short=True)} " if run.metric and run.valid is not None else ""
    return [
        run.name,
        name_of(run.model or "–"),
        run.dataset or "–",
        run.stage or "–",
        metric + wording.number(run.valid),
        wording.number(run.test),
        f"{run.when:%Y-%m-%d %H:%M}",
        wording.seconds(run.seconds),
        run.state,
        wording.size(run.bytes),
    ]
