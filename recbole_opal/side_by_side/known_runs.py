"""Is a run done already, or half done? Found by its origin, never by its name; only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunReader
from recbole_opal.runs.lock import in_use
from recbole_opal.runs.manifest import regular_bytes
from recbole_opal.runs.origin import PACKAGES, Origin
from recbole_opal.side_by_side.planning import PlannedRun

__all__ = ["KnownRuns", "computed_elsewhere"]

_MAX_ORIGIN_BYTES = 2**20  # some 400; more where a data set has very many files
_NEEDED = {"config.yaml", "ids.json", "origin.json"}  # to go on


@dataclass(frozen=True)
class KnownRuns:
    """The run folders of one parent folder that can stand for a run or be continued.

    A run that another process is training, or whose files are damaged, counts as unknown; `tell`
    takes the one line about a damaged one.
    """

    parent: Path
    tell: Callable[[str], None] = getLogger("recbole_opal").warning

    def finished(self, origin: Origin) -> Path | None:
        """Return the newest finished run of this origin, or None."""
        for path, run in self._of(origin):
            if isinstance(run, RunReader) and _is_done(run) and _ended_with(run, origin):
                return path
        return None

    def unfinished(self, origin: Origin) -> Path | None:
        """Return the run of this origin that is best continued, or None and tell of damaged ones.

        A run that was killed before it saved a state goes on from its beginning; one with a state
        is preferred to it.
        """
        found = dict(self._of(origin))
        damaged = {path: run for path, run in found.items() if isinstance(run, CheckpointError)}
        sound = [run for run in found.values() if isinstance(run, RunReader)]
        begun = [run for run in sound if not _is_done(run) and set(run.names) >= _NEEDED]
        if damaged and not begun:
            self.tell(
                f"warning: {', '.join(map(str, damaged))} cannot go on and is left aside, the run "
                f"starts anew: {next(iter(damaged.values()))}"
            )
        best = max(begun, key=RunReader.has_state, default=None)  # of several the newest
        return None if best is None else best.path

    def _of(self, origin: Origin) -> Iterator[tuple[Path, RunReader | CheckpointError]]:
        """Yield the folders of this origin, the newest first, with what is wrong with them."""
        found = [path for path, own in _origins(self.parent) if own == origin]
        for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
            if in_use(path):
                continue
            try:
                run = RunReader.open(path)
                run.verify()
            except CheckpointError as error:
                yield path, error
            else:
                yield path, run


def _origins(parent: Path) -> Iterator[tuple[Path, Origin]]:
    """Yield each run folder with its origin, read alone: to verify all is for matching ones."""
    for path in sorted(parent.glob("[!.]*/origin.json")):  # hidden ones are still being made
        with suppress(CheckpointError):
            yield path.parent, Origin.from_bytes(regular_bytes(path, _MAX_ORIGIN_BYTES))


def _is_done(run: RunReader) -> bool:
    return "metrics.json" in run.names


def _ended_with(run: RunReader, origin: Origin) -> bool:
    """Tell whether a finished run, which may have gone on after an update, ended as it began."""
    try:
        found = load_metrics(run).versions.model_dump()
    except CheckpointError:
        return False
    return all(found.get(name) == origin.versions[name] for name in PACKAGES)


def computed_elsewhere(runs: Sequence[PlannedRun], parent: Path) -> str | None:
    """Say in one line which runs are made again only because their last digits would differ."""
    known = [origin for _, origin in _origins(parent)]
    again: dict[str, Origin] = {}
    for run in runs:
        alike = [each for each in known if each.on(run.origin.machine) == run.origin]
        if alike and run.origin not in alike:
            again[run.name] = alike[-1]
    if not again:
        return None
    (name, old), now = next(iter(again.items())), runs[0].origin.machine
    more = f" and {len(again) - 1} more" if len(again) > 1 else ""
    return f"{name}{more}: made before {_difference(old.machine, now)}; made again"


def _difference(old: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return what differs, with the way back where the user has it in hand."""
    if not old:
        return "by a version that did not note device and threads"
    names = [name for name in sorted({*old, *now}) if old.get(name) != now.get(name)]
    if names == ["threads"] and old["threads"].isdecimal():
        threads = "1 thread" if old["threads"] == "1" else f"{old['threads']} threads"
        return (
            f"with {threads}, now {now['threads']}, which changes the last digits "
            f"(OMP_NUM_THREADS={old['threads']} before the command uses them again)"
        )
    told = ", ".join(f"{name} {old.get(name, '-')}, now {now.get(name, '-')}" for name in names)
    return f"on another machine ({told})"
