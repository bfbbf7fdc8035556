"""From the folder of a comparison, or from runs, to the report."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from recbole_opal.comparison.of_runs import comparison_of
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import as_told_by
from recbole_opal.process.caller import alone
from recbole_opal.report.elements import Section
from recbole_opal.report.other_lists import other_lists
from recbole_opal.report.page import page
from recbole_opal.report.reranked_rows import reranked_rows
from recbole_opal.report.rows import best_opal_rows
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.sections.categories import categories
from recbole_opal.report.sections.costs import costs
from recbole_opal.report.sections.diversity import diversity
from recbole_opal.report.sections.groups import groups
from recbole_opal.report.sections.interests import interests
from recbole_opal.report.sections.lists import lists
from recbole_opal.report.sections.reranked import reranked
from recbole_opal.report.sections.results import results
from recbole_opal.report.sections.run import run_section
from recbole_opal.report.sections.training import training
from recbole_opal.report.sections.tuning import tuning
from recbole_opal.report.sections.users import users
from recbole_opal.report.trained_opals import any_trained, trained_opals
from recbole_opal.runs.atomic import write_text

__all__ = ["write_report", "write_report_of_runs"]


@alone
def write_report(folder: Path, *, users: Sequence[str] = (), out: Path | None = None) -> Path:
    """Write the report of a comparison, by default beside its tables, and return its path.

    Run folders are only read. What is not there (a run's lists, its titles) is told in the page
    and stops nothing.

    Args:
        folder: of the comparison.
        users: raw ids of the users to show, in place of some that are chosen by rules.
        out: the file to write; None: `report.html` in the folder.

    Raises:
        CheckpointError: there is no comparison in the folder, or the report cannot be written.
        SettingsError: a user is not in the test part.
    """
    path = Path(folder) / "report.html" if out is None else out
    return _write(ComparisonResult.load(folder), path, users)


@alone
def write_report_of_runs(
    folders: Sequence[Path], command: str, *, users: Sequence[str] = (), out: Path | None = None
) -> Path:
    """Write the same page of finished runs of one data set and protocol, and return its path.

    Args:
        folders: of the runs, at least one.
        command: what makes the page again.
        users: see `write_report`.
        out: the file to write; None: `report.html`, in the folder of a single run, of several in
            the working folder.

    Raises:
        CheckpointError: a run has not finished or is damaged, or the report cannot be written.
        SettingsError: the runs were not asked the same, or a user is not in the test part.
    """
    path = out or (folders[0] if len(folders) == 1 else Path()) / "report.html"
    return _write(comparison_of(folders, command), path, users)


def _write(comparison: ComparisonResult, path: Path, users: Sequence[str]) -> Path:
    with as_told_by(comparison.own_metrics):
        write_text(path, _page(comparison, users))
    return path


def _page(comparison: ComparisonResult, wanted: Sequence[str]) -> str:
    files = RunFiles(comparison)
    models, problems = trained_opals(comparison, files)
    looked_into: list[Section] = []
    if best_opal_rows(comparison):
        looked_into.append(categories(models, problems))
    else:
        models, problems = any_trained(comparison, files)
    # Before the rest, since a user who is not there stops all.
    if models or problems or wanted:
        others = partial(other_lists, comparison, files)
        looked_into.append(users(models, problems, wanted, others))
    served = reranked_rows(comparison, files)
    sections = [
        results(comparison),
        run_section(comparison, files),
        costs(comparison),
        diversity(comparison),
        reranked(comparison, served),
        lists(comparison, files),
        groups(comparison, files),
        interests(comparison),
        training(comparison, files),
        tuning(comparison),
        *looked_into,
    ]
    shown = [section for section in sections if section is not None]
    return page(comparison, shown, [*files.problems, *served.problems, *problems])
