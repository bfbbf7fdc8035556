"""`runs show`: all that a run folder tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.console.result_tables import interests_table, result_table
from recbole_opal.console.screen import plain_table, screen
from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.evaluation.diagnostics import collapse_warning
from recbole_opal.process.program import command
from recbole_opal.report import wording
from recbole_opal.run_list.differing import changed_settings
from recbole_opal.run_list.finding import comparisons_of
from recbole_opal.run_list.summary import RunSummary, summarise
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import Origin
from recbole_opal.settings.fields import typed
from recbole_opal.settings.paths import run_path

__all__ = ["show_run"]


def show_run(words: Sequence[str], flags: Mapping[str, str]) -> None:
    """Print what a run was made from and what came out, after every file has been verified.

    Raises:
        SettingsError: not one run is named.
        CheckpointError: it is no run folder, or a file is damaged: the rest is printed before.
    """
    if len(words) != 1:
        raise SettingsError(f"{len(words) or 'no'} runs are named; write runs show RUN.")
    path = run_path(words[0])
    run = RunReader.open(path)
    owners = comparisons_of(path.resolve().parent).get(path.resolve(), ())
    summary = summarise(path, str(path), owners)
    console = screen()
    for part in _parts(run, summary):
        console.print(part)
    run.verify()
    print("every file is as it was written")


def _parts(run: RunReader, summary: RunSummary) -> Iterator[RenderableType]:
    yield _facts(run, summary)
    try:
        settings = run.load_yaml("config.yaml")
        changed = changed_settings(settings)
    except CheckpointError as error:
        yield Text(f"settings cannot be read: {error}")
    else:
        rows = [[name, typed(own), typed(usual)] for name, (own, usual) in changed.items()]
        yield plain_table("settings that were given", ["", "value", "default"], rows)
    if "metrics.json" in run.names:
        try:
            yield from _results(run)
        except CheckpointError as error:
            yield Text(f"results cannot be read: {error}")
    yield plain_table("files", ["", "bytes"], [[name, f"{n:,}"] for name, n in run.sizes.items()])


def _facts(run: RunReader, summary: RunSummary) -> Table:
    lines = {
        "run": str(run.path),
        "state": summary.state,
        "begun": f"{summary.when:%Y-%m-%d %H:%M:%S} UTC",
        "model": summary.model or "–",
        "data set": summary.dataset or "–",
        "took": wording.seconds(summary.seconds),
        "on disk": wording.size(summary.bytes),
    }
    if summary.state == "unfinished":
        lines["to go on"] = command(f"--resume={run.path}")
    if summary.comparisons:
        lines["compared in"] = ", ".join(summary.comparisons)
    if "origin.json" in run.names:
        origin = Origin.from_plain(run.load_json("origin.json"))
        for kind, known in (("made with", origin.versions), ("made on", origin.machine)):
            lines[kind] = ", ".join(f"{name} {value}" for name, value in known.items())
        lines |= {f"SHA-256 of {name}": sha for name, sha in origin.data.items()}
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in lines.items():
        facts.add_row(Text(name, style="bold"), Text(value, overflow="fold"))
    return facts


def _results(run: RunReader) -> Iterator[RenderableType]:
    metrics = load_metrics(run)
    plain: dict[str, Any] = run.load_json("metrics.json")
    counts = plain.get("data") or {}
    told = [[name.replace("_", " "), f"{count:,}"] for name, count in counts.items() if count]
    yield plain_table("data", ["", "count"], told)
    for part in ("valid", "test"):
        if getattr(metrics.stages[metrics.best_stage], part):
            yield result_table(plain["stages"], metrics.best_stage, part)
    interests = interests_table(plain["stages"], collapse_warning)
    if interests is not None:
        yield interests
