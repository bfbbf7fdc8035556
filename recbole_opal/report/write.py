"""From the folder of a comparison to its report."""

from __future__ import annotations

from pathlib import Path

from recbole_opal.process.caller import alone
from recbole_opal.report.files import RunFiles
from recbole_opal.report.page import page
from recbole_opal.report.parse import read_comparison
from recbole_opal.report.rebuild import Rebuilder
from recbole_opal.report.sections.categories import categories
from recbole_opal.report.sections.curves import curves
from recbole_opal.report.sections.interests import interests
from recbole_opal.report.sections.slices import slices
from recbole_opal.report.sections.table import results
from recbole_opal.report.sections.tradeoff import tradeoff
from recbole_opal.report.sections.users import users
from recbole_opal.runs.atomic import write_text

__all__ = ["write_report"]


@alone
def write_report(folder: Path) -> Path:
    """Write `report.html` beside a comparison's tables.

    Run folders are only read. What is not there (a run's lists, its data set) is told in the
    page and stops nothing.

    Args:
        folder: holds comparison.json, which names the run folders.

    Returns:
        The path of the report.

    Raises:
        CheckpointError: there is no comparison in the folder, or the report cannot be written.
    """
    comparison = read_comparison(folder)
    files = RunFiles(Path(folder))
    rebuilder = Rebuilder(files)
    sections = [
        results(comparison),
        tradeoff(comparison),
        slices(comparison, files),
        interests(comparison),
        curves(comparison, files),
        categories(comparison, rebuilder),
        users(comparison, rebuilder),
    ]
    shown = [section for section in sections if section is not None]
    problems = [*files.problems, *rebuilder.problems]
    path = Path(folder) / "report.html"
    write_text(path, page(comparison, shown, problems))
    return path
