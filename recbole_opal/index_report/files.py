"""The three files of the index report: for people, for programs, for the eye."""

from __future__ import annotations

from pathlib import Path

from recbole_opal.index_report.findings import RECALL_WANTED, Findings
from recbole_opal.index_report.picture import picture
from recbole_opal.index_report.tables import HEADER, as_csv, as_markdown, cells
from recbole_opal.report.document import document
from recbole_opal.report.elements import Section, failures, note, reading, table
from recbole_opal.report.markup import join, node
from recbole_opal.runs.atomic import write_text, writing

__all__ = ["write_files"]

_TITLE = "Searches over the items"


def write_files(out: Path, findings: Findings, command: str) -> list[Path]:
    """Write index.md, index.csv and index.html, each whole or not at all; return their paths.

    The folder is made where it is not there.
    """
    texts = {
        "index.md": as_markdown(_TITLE, findings, command),
        "index.csv": as_csv(findings),
        "index.html": _page(findings, command),
    }
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text(out / name, text)
    return [out / name for name in texts]


def _page(findings: Findings, command: str) -> str:
    drawn = picture(findings.exact, findings.found, findings.k, RECALL_WANTED)
    problems = failures(node("h3", "Not measured"), findings.problems)
    measured = join(
        node("figure", drawn, reading(findings.advice)),
        table(HEADER, [cells(each, findings.exact) for each in findings.every], _TITLE),
        note(findings.how_to_read),
        problems if findings.problems else None,
    )
    made = node("pre", node("code", command), tabindex="0")
    sections = [
        Section("searches", "Recall against time", measured),
        Section("made", "How it was made", made),
    ]
    return document(_TITLE, findings.setup, sections)
