"""The files of a comparison folder, each written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.table_formats import as_csv, as_latex, as_markdown
from recbole_opal.runs.atomic import write_json, write_text

__all__ = ["write_tables"]


def write_tables(result: ComparisonResult) -> list[Path]:
    """Write the tables in four forms; return the paths.

    Raises:
        CheckpointError: a file cannot be written.
    """
    path = result.folder / "comparison"
    texts = {".md": as_markdown(result), ".csv": as_csv(result), ".tex": as_latex(result)}
    write_json(path.with_suffix(".json"), result.as_plain())
    for ending, text in texts.items():
        write_text(path.with_suffix(ending), text)
    return [path.with_suffix(ending) for ending in (".json", *texts)]
