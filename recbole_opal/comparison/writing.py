"""The files of a comparison folder, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from recbole_opal.comparison.delimited import delimited
from recbole_opal.comparison.latex import latex
from recbole_opal.comparison.markdown import markdown
from recbole_opal.comparison.planning import Plan, PlannedRun
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.errors import CheckpointError
from recbole_opal.runs.atomic import sweep, write_bytes, write_error, write_json, write_text
from recbole_opal.runs.encoding import encode_yaml
from recbole_opal.runs.lock import exclusive

__all__ = ["own_folder", "write_plan", "write_result"]


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make the comparison folder, keep others out while the block runs, tidy up after a kill.

    Args:
        folder: its path.

    Raises:
        CheckpointError: it cannot be made, or another process works in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, 0, error) from error
    with exclusive(folder):
        sweep(folder)  # only now: the files of one that goes on are not ours
        yield


def write_plan(plan: Plan, command: str, runs: Sequence[PlannedRun]) -> None:
    """Write plan.yaml: what was asked, and the digest of each run's settings.

    Args:
        plan: what was asked.
        command: what makes the same comparison again.
        runs: every run.

    Raises:
        CheckpointError: it cannot be written.
    """
    content = {
        "command": command,
        "dataset": plan.dataset,
        "data": dict(plan.data),
        "models": [variant.text for variant in plan.variants],
        "seeds": plan.seeds,
        "tune": plan.tune,
        "settings": plan.shared,
        "runs": {run.name: run.origin.settings for run in runs},
    }
    write_bytes(plan.folder / "plan.yaml", encode_yaml(content))


def write_result(result: ComparisonResult) -> list[Path]:
    """Write the tables in four forms, then the report.

    Args:
        result: the comparison.

    Returns:
        The paths written.

    Raises:
        CheckpointError: a file cannot be written.
    """
    folder = result.folder
    write_json(folder / "comparison.json", result.as_plain())
    texts = {"md": markdown(result), "csv": delimited(result), "tex": latex(result)}
    for ending, text in texts.items():
        write_text(folder / f"comparison.{ending}", text)
    written = [folder / f"comparison.{ending}" for ending in ("json", *texts)]
    if any(row.measured for row in result.rows):
        written.append(_report(folder))
    return written


def _report(folder: Path) -> Path:
    if find_spec("recbole_opal.report") is None:
        raise CheckpointError("recbole_opal.report is missing; install recbole_opal again.")
    path: Path = import_module("recbole_opal.report").write_report(folder)
    return path
