"""From the folder of a comparison to its report."""

from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import as_told_by
from recbole_opal.process.caller import alone
from recbole_opal.report.page import page
from recbole_opal.report.rows import best_opal_rows
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.sections.categories import categories
from recbole_opal.report.sections.diversity import diversity
from recbole_opal.report.sections.groups import groups
from recbole_opal.report.sections.interests import interests
from recbole_opal.report.sections.results import results
from recbole_opal.report.sections.training import training
from recbole_opal.report.sections.users import users
from recbole_opal.report.trained_opals import trained_opals
from recbole_opal.runs.atomic import write_text

__all__ = ["write_report"]


@alone
def write_report(folder: Path) -> Path:
    """Write `report.html` beside a comparison's tables and return its path.

    Run folders are only read. What is not there (a run's lists, its data set) is told in the
    page and stops nothing.

    Raises:
        CheckpointError: there is no comparison in the folder, or the report cannot be written.
    """
    comparison = ComparisonResult.load(folder)
    path = Path(folder) / "report.html"
    with as_told_by(comparison.own_metrics):
        write_text(path, _page(comparison))
    return path


def _page(comparison: ComparisonResult) -> str:
    files = RunFiles(comparison)
    sections = [
        results(comparison),
        diversity(comparison),
        groups(comparison, files),
        interests(comparison),
        training(comparison, files),
    ]
    models, problems = trained_opals(comparison, files)
    if best_opal_rows(comparison):
        sections += [categories(models, problems), users(models, problems)]
    shown = [section for section in sections if section is not None]
    return page(comparison, shown, [*files.problems, *problems])
