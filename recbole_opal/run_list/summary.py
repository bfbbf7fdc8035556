"""What a list tells of a run, read from few small files, so that hundreds take a moment."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from recbole_opal.errors import CheckpointError, OpalError, refusing
from recbole_opal.runs import RunReader
from recbole_opal.runs.encoding import decode_yaml
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.manifest import MANIFEST_NAME

__all__ = ["RunSummary", "size_of", "state_of", "summarise"]

State = Literal["finished", "unfinished", "running", "damaged", "bundle"]
_MOMENT = re.compile(r"-(\d{8}-\d{6})-[0-9a-f]{6}$")  # as a run names its folder
_TOLD = ("model", "dataset", "valid_metric", "seed")
_LINES = re.compile(rf"^(?:{'|'.join(_TOLD)}):.*(?:\n[ -].*)*", re.MULTILINE)  # with what belongs


@dataclass(frozen=True)
class RunSummary:
    """One line of the list; what is not known is None.

    Attributes:
        name: the folder, as seen from the one that is listed.
        stage: the best on validation.
        metric: the metric that decided, with its values on validation and on test.
        when: the moment, in UTC, at which the run was begun.
        seconds: what it took in all.
        bytes: of all files in the folder.
        comparisons: names of the comparisons that it belongs to.
        problem: why it is damaged.
    """

    name: str
    path: Path
    state: State
    when: datetime
    bytes: int
    model: str | None = None
    dataset: str | None = None
    seed: int | None = None
    stage: str | None = None
    metric: str | None = None
    valid: float | None = None
    test: float | None = None
    seconds: float | None = None
    comparisons: Sequence[str] = ()
    problem: str | None = None

    def as_plain(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        plain = asdict(self) | {"path": str(self.path), "when": self.when.isoformat()}
        return plain | {"comparisons": list(self.comparisons)}


def summarise(path: Path, name: str, comparisons: Sequence[str] = ()) -> RunSummary:
    """Return the line of a run folder.

    Read and verified are its settings and its metrics. Of the other files only presence and size
    are looked at: `runs show` verifies them all.
    """
    known: dict[str, Any] = {}
    problem = None
    state: State = "damaged"
    try:
        run = RunReader.open(path)
        known = _settings(run)
        if "metrics.json" in run.names:
            known |= _measured(run, known.pop("valid_metric", None))
        problem = _missing(run)
        state = "damaged" if problem else state_of(run)
    except OpalError as error:
        problem = str(error)
    known.pop("valid_metric", None)
    return RunSummary(
        name=name,
        path=path,
        state=state,
        when=_moment(path),
        bytes=size_of(path),
        comparisons=comparisons,
        problem=problem,
        **known,
    )


def state_of(run: RunReader) -> State:
    """Tell how far a sound run has come."""
    if "bundle.json" in run.names:
        return "bundle"
    if "metrics.json" in run.names:
        return "finished"
    try:
        with exclusive(run.path, patience=0.0):
            return "unfinished"
    except CheckpointError:
        return "running"


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118, it is faster
            except OSError:
                continue  # a run that goes on has replaced it
    return total


def _settings(run: RunReader) -> dict[str, Any]:
    """Return the few settings that a list tells; the whole file takes a hundred times as long."""
    place = str(run.path / "config.yaml")
    with refusing(place, "is not readable as YAML"):
        text = run.read("config.yaml").decode("utf-8")
    lines = _LINES.findall(text) or ["{}"]
    found = decode_yaml("\n".join(lines).encode("utf-8"), place)
    texts = {name: str(found[name]) for name in _TOLD[:3] if found.get(name) is not None}
    return texts | {"seed": found["seed"] if type(found.get("seed")) is int else None}


def _measured(run: RunReader, valid_metric: str | None) -> dict[str, Any]:
    place = str(run.path / "metrics.json")
    metrics = run.load_json("metrics.json")
    with refusing(place, "is not as a run leaves it"):
        stage = str(metrics["best_stage"])
        best: Mapping[str, Any] = metrics["stages"][stage]
        metric = (valid_metric or next(iter(best["valid"]), "")).lower()
        return {
            "stage": stage,
            "metric": metric or None,
            "valid": _number(best["valid"].get(metric)),
            "test": _number((best.get("test") or {}).get(metric)),
            "seconds": _number(metrics.get("seconds", metrics.get("train_seconds"))),
        }


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if known else None


def _missing(run: RunReader) -> str | None:
    """Return which file is not there or of another size, None if none."""
    for name, size in run.sizes.items():
        try:
            found = (run.path / name).stat().st_size
        except OSError:
            found = -1
        if found != size:
            try:
                run.read(name)  # a writer that goes on may just have moved it
            except CheckpointError as error:
                return str(error) if name in run.names else None
    return None


def _moment(path: Path) -> datetime:
    """Return when a run was begun, as its name tells; of a renamed one, when it last changed."""
    match = _MOMENT.search(path.name)
    if match:
        try:
            return datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=timezone.utc)
        except ValueError:
            pass
    for place in (path / MANIFEST_NAME, path):
        try:
            return datetime.fromtimestamp(int(place.stat().st_mtime), tz=timezone.utc)
        except OSError:
            continue
    return datetime.fromtimestamp(0, tz=timezone.utc)
