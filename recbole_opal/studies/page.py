"""The page of a study: question, answer, pictures, numbers, and how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.table_formats import markdown_table
from recbole_opal.errors import CheckpointError
from recbole_opal.evaluation.direction import as_told_by, better, title_of
from recbole_opal.runs.atomic import write_error, write_text
from recbole_opal.studies.endings import endings_told
from recbole_opal.studies.outcome import Outcome
from recbole_opal.studies.study import Figure, Study
from recbole_opal.verification.pages import check_in

__all__ = ["write_page"]


def write_page(study: Study, outcome: Outcome, command: str, folders: Sequence[Path]) -> list[Path]:
    """Write page and pictures into each folder, which is made if need be; return the pages.

    The pictures come first and the page last, each whole or not at all. A page that was there
    keeps the section with its block `yaml verify`.

    Raises:
        CheckpointError: a folder cannot be written.
    """
    with as_told_by(outcome.main.own_metrics):
        figures = study.figures(outcome) if outcome.measured else []
        stem = f"{study.name}-{outcome.main.dataset}"
        text = page(study, outcome, command, figures, stem)
    pages = []
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(folder, 0, error) from error
        for figure in figures:
            write_text(folder / f"{stem}-{figure.name}.svg", figure.svg)
        place = folder / f"{stem}.md"
        check = check_in(place)
        write_text(place, f"{text}\n{check}\n" if check else text)
        pages.append(place)
    return pages


def page(study: Study, outcome: Outcome, command: str, figures: Sequence[Figure], stem: str) -> str:
    """Return the text of the page in Markdown."""
    main = outcome.main
    readings = study.readings(outcome) if outcome.measured else []
    blocks = [
        f"# {study.title}: {main.dataset}",
        f"**{study.question}** (asked by {study.asked_by})",
        "## Answer",
        "\n".join(f"- {line}" for line in readings or ["No run was done: there is none yet."]),
        *(
            f"![{figure.alternative}]({stem}-{figure.name}.svg)\n\n{figure.caption}"
            for figure in figures
        ),
        *map(markdown_table, study.tables(outcome) if outcome.measured else []),
        "## How it was made",
        f"```bash\n{command}\n```",
        "\n".join(f"- {line}" for line in _made(outcome)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _made(outcome: Outcome) -> list[str]:
    main = outcome.main
    decider, side = title_of(main.metric, short=True), better(main.metric)
    lines = [f"Stages and stopping are decided by {decider} on validation, where {side} is better."]
    for name, result in outcome.results.items():
        where = f" ({name})" if len(outcome.results) > 1 else ""
        lines.append(f"Seeds{where}: {', '.join(map(str, result.seeds))}.")
        lines += [endings_told(result), *(f"**{warning}**" for warning in _warnings(result))]
        lines += [f"{line}" for line in result.tuned]
    versions = ", ".join(f"{name} {value}" for name, value in main.versions.items())
    return [*lines, f"Made with {versions}; {main.hardware}."]


def _warnings(result: ComparisonResult) -> list[str]:
    try:
        return result.warnings
    except CheckpointError as error:
        return [str(error)]
