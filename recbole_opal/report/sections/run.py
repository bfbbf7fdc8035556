"""What only the page of a single run tells: its data, how its stages ended, its settings."""

from __future__ import annotations

from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.errors import CheckpointError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.process.program import command
from recbole_opal.report import wording
from recbole_opal.report.elements import Section, folded_table, note, table
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.run_files import RunFiles
from recbole_opal.settings.fields import typed

__all__ = ["run_section", "single_run"]

_COUNTS = {
    "users": "Users",
    "items": "Items",
    "interactions": "Interactions",
    "training_interactions": "of them in training",
    "test_rows": "Users tested",
    "test_targets": "Targets on test",
}
_ENDINGS = {
    "epochs": "all epochs were done",
    "max_train_seconds": "its time was up",
    "schedule": "the learning rate had come to its end",
    "stage_steps": "its steps were done",
    "stopping_step": "validation got no better",
}


def single_run(comparison: ComparisonResult) -> Path | None:
    """Return the folder of the only run behind a comparison; None where there are several."""
    paths = {path for row in comparison.rows for path in comparison.run_folders(row).values()}
    return paths.pop() if len(paths) == 1 else None


def run_section(comparison: ComparisonResult, files: RunFiles) -> Section | None:
    """Return the section; None where there are several runs, or it cannot be read."""
    path = single_run(comparison)
    folder = files.folder(path) if path is not None else None
    if path is None or folder is None or "metrics.json" not in folder.names:
        return None
    try:
        stages, counts = load_metrics(folder).stages, folder.load_json("metrics.json").get("data")
        settings = folder.load_yaml("config.yaml")
    except CheckpointError as error:
        files.tell(str(error))
        return None
    metric = comparison.metric
    cells: list[list[Child]] = [
        [
            name,
            str(stage.epochs),
            str(stage.best_epoch + 1) if stage.best_epoch >= 0 else "before the first",
            _ENDINGS.get(stage.ended, stage.ended),
            wording.number(stage.valid.get(metric)),
            wording.number(stage.test.get(metric)),
            wording.seconds(stage.train_seconds),
        ]
        for name, stage in stages.items()
    ]
    header = ["Stage", "Epochs", "Best epoch", "Ended, since", f"{title_of(metric)} on validation",
              f"{title_of(metric)} on test", "Training"]  # fmt: skip
    lines: list[list[Child]] = [
        [name, value if isinstance(value, str) else typed(value)]
        for name, value in settings.items()
        if value is not None
    ]
    body = join(
        _counts(counts),
        table(header, cells, "how each stage ended", class_="left"),
        note("Every user of the test part can be shown here:"),
        node("pre", node("code", command(str(path), "--user=TOKEN", name="report")), tabindex="0"),
        folded_table(["Setting", "Value"], lines, "All settings"),
    )
    return Section("run", "This run", body)


def _counts(counts: object) -> Markup | None:
    """Return how much data there was; None where a damaged file does not tell."""
    if not isinstance(counts, dict):
        return None
    known = {
        title: counts[name] for name, title in _COUNTS.items() if isinstance(counts.get(name), int)
    }
    facts = [node("div", node("b", f"{value:,}"), node("small", t)) for t, value in known.items()]
    return node("div", facts, class_="counts") if facts else None
