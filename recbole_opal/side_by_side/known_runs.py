"""Is a run done already, or half done? Found by its origin, never by its name; only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunReader
from recbole_opal.runs.lock import in_use
from recbole_opal.runs.manifest import regular_bytes
from recbole_opal.runs.origin import PACKAGES, Origin

__all__ = ["KnownRuns"]

_MAX_ORIGIN_BYTES = 2**20  # some 400; more where a data set has very many files
_NEEDED = {"config.yaml", "ids.json", "origin.json"}  # to go on


def _warn(text: str) -> None:
    getLogger("recbole_opal").warning("%s", text)


@dataclass(frozen=True)
class KnownRuns:
    """The run folders of one parent folder that can stand for a run or be continued.

    A run that another process is training, or whose files are damaged, counts as unknown.

    Attributes:
        parent: the folder of the run folders.
        tell: what takes the one line about a damaged run.
    """

    parent: Path
    tell: Callable[[str], None] = _warn

    def finished(self, origin: Origin) -> Path | None:
        """Return the newest finished run of this origin, or None.

        Args:
            origin: what the run must be made from. Its versions are compared with those at the
                run's end too, since a run may be continued after an update.
        """
        for path, run in self._of(origin):
            if isinstance(run, RunReader) and _is_done(run) and _ended_with(run, origin):
                return path
        return None

    def unfinished(self, origin: Origin) -> Path | None:
        """Return the run of this origin that is best continued, or None and tell of damaged ones.

        A run that was killed before it saved a state goes on from its beginning; one with a state
        is preferred to it.

        Args:
            origin: what the run must be made from.
        """
        begun: Path | None = None
        damaged: dict[Path, CheckpointError] = {}
        for path, run in self._of(origin):
            if isinstance(run, CheckpointError):
                damaged[path] = run
            elif not _is_done(run) and set(run.names) >= _NEEDED:
                if run.has_state():
                    return path
                begun = begun or path
        if begun is None and damaged:
            self.tell(
                f"warning: {', '.join(map(str, damaged))} cannot go on and is left aside, the run "
                f"starts anew: {next(iter(damaged.values()))}"
            )
        return begun

    def _of(self, origin: Origin) -> Iterator[tuple[Path, RunReader | CheckpointError]]:
        """Yield the folders of this origin, the newest first, with what is wrong with them."""
        # A folder that is still being made has a hidden name.
        paths = [p.parent for p in self.parent.glob("*/origin.json") if p.parent.name[0] != "."]
        found = [path for path in paths if _origin(path) == origin]
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


def _origin(path: Path) -> Origin | None:
    """Read the origin alone: to verify all of a folder is for matching ones."""
    try:
        return Origin.from_bytes(regular_bytes(path / "origin.json", _MAX_ORIGIN_BYTES))
    except CheckpointError:
        return None


def _is_done(run: RunReader) -> bool:
    return "metrics.json" in run.names


def _ended_with(run: RunReader, origin: Origin) -> bool:
    """Tell whether a finished run ended under the versions of the origin."""
    try:
        found = run.load_json("metrics.json")["versions"]
        return all(found.get(name) == origin.versions[name] for name in PACKAGES)
    except (CheckpointError, KeyError, TypeError, AttributeError):
        return False
