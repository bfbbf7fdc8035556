"""What was measured as text: for the screen, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import json

from recbole_opal.index_report.findings import Findings
from recbole_opal.index_report.measuring import Measured

__all__ = ["HEADER", "as_csv", "as_markdown", "cells"]

HEADER = ("search", "recall", "ms a user", "times as fast", "bytes an item", "build s")


def cells(found: Measured, exact: Measured) -> list[str]:
    """Return a row of the table."""
    return [
        found.name,
        f"{found.recall:.4f}",
        f"{found.milliseconds:.4f}",
        f"{exact.milliseconds / found.milliseconds:.2f}",
        f"{found.bytes_per_item:.1f}",
        f"{found.build_seconds:.2f}",
    ]


def as_markdown(title: str, findings: Findings, command: str) -> str:
    """Return the page of text: title, sentences, table, and the command that made it."""
    rows = [list(HEADER), ["---", *["---:"] * (len(HEADER) - 1)]]
    rows += [cells(each, findings.exact) for each in findings.every]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    said = [findings.setup, findings.advice, table, findings.how_to_read, *findings.problems]
    return "\n\n".join([f"# {title}", *said, f"Made by `{command}`."]) + "\n"


def as_csv(findings: Findings) -> str:
    """Return one line a search, numbers unrounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["kind", "settings", "recall", "milliseconds", "bytes_per_item", "build_seconds"]
    )
    for each in findings.every:
        numbers = [each.recall, each.milliseconds, each.bytes_per_item, each.build_seconds]
        writer.writerow([each.kind, json.dumps(dict(each.settings)), *numbers])
    return text.getvalue()
