"""comparison.md: everything a reader needs, with the command that makes it again."""

from __future__ import annotations

from recbole_opal.comparison.contents import all_sections
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.sections import Section, metric_title, once_noted
from recbole_opal.evaluation.direction import better
from recbole_opal.settings.fields import typed

__all__ = ["markdown"]


def markdown(result: ComparisonResult) -> str:
    """Return the content of comparison.md.

    Args:
        result: the comparison.
    """
    seeds = ", ".join(map(str, result.seeds))
    over = f"Mean ± standard deviation over seeds {seeds}" if len(result.seeds) > 1 else None
    lines = [
        f"# Comparison on {result.dataset}",
        f"```\n{result.command}\n```",
        f"{over or f'One seed, {seeds}'}. Stages and stopping are decided by "
        f"{metric_title(result.metric)} on validation, where {better(result.metric)} is better.",
    ]
    if result.best is not None:
        lines.append(f"Best on validation: {result.best.label}.")
    lines += [f"- **{warning}**" for warning in result.warnings]
    lines += [_table(section) for section in once_noted(all_sections(result))]
    lines += _tuning(result)
    lines += [_settings(result), _environment(result)]
    return "\n\n".join(line for line in lines if line) + "\n"


def _table(section: Section) -> str:
    rows = [section.header, ["---", *["---:"] * (len(section.header) - 1)], *section.cells]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    notes = "".join(f"\n\n{note}" for note in section.notes).replace("*", "\\*")
    return f"## {section.title}\n\n" + "\n".join(lines) + notes


def _tuning(result: ComparisonResult) -> list[str]:
    if result.tuning is None:
        return []
    budget, *found = result.tuned
    return ["## Tuning", budget, "\n".join(f"- {line}" for line in found)]


def _settings(result: ComparisonResult) -> str:
    lines = ["## Settings given", ""]
    settings = {row.variant: row.settings for row in result.rows}
    for variant, given in settings.items():
        pairs = " ".join(f"--{name}={typed(value)}" for name, value in given.items())
        lines.append(f"- {variant}: {f'`{pairs}`' if pairs else 'defaults'}")
    return "\n".join(lines)


def _environment(result: ComparisonResult) -> str:
    versions = ", ".join(f"{name} {value}" for name, value in result.versions.items())
    return f"## Made with\n\n{versions}; {result.hardware}."
