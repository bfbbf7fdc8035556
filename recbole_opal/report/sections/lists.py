"""The lists themselves: recall at each length, and how alike those of different rows are."""

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.report.elements import Section
from recbole_opal.report.markup import join
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.sections.overlap import overlap
from recbole_opal.report.sections.recall_curves import recall_curves

__all__ = ["lists"]


def lists(comparison: ComparisonResult, files: RunFiles) -> Section | None:
    """Return the section; None where no run left lists."""
    parts = [recall_curves(comparison, files), overlap(comparison, files)]
    return Section("lists", "The lists", join(parts)) if any(parts) else None
