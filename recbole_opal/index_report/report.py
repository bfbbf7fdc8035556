"""From a run to the measurements of its searches."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.console.screen import plain_table, screen
from recbole_opal.errors import RetrievalError, SettingsError
from recbole_opal.index_report.asked import Asked
from recbole_opal.index_report.files import write_files
from recbole_opal.index_report.findings import Findings
from recbole_opal.index_report.measuring import (
    Measured,
    measure_exact,
    measure_kind,
    using_threads,
)
from recbole_opal.index_report.queries import queries_of
from recbole_opal.index_report.tables import HEADER, cells
from recbole_opal.runs.machine import processor_name
from recbole_opal.serving.load import load

__all__ = ["findings_of", "report"]


def report(asked: Asked, command: str) -> list[Path]:
    """Measure, print the table and the advice, write the three files; return their paths.

    Raises:
        OpalError: the run or the histories cannot be read, Faiss is missing, or the files cannot be
            written.
    """
    out = asked.folder if asked.out is None else asked.out
    _checked(out)
    findings = findings_of(asked)
    rows = [cells(each, findings.exact) for each in findings.every]
    screen().print(plain_table("searches over the items", HEADER, rows))
    for line in (findings.setup, findings.advice, *findings.problems):
        print(line)
    paths = write_files(out, findings, command)
    print(f"index report: {paths[-1]}")
    return paths


def findings_of(asked: Asked) -> Findings:
    """Measure every kind that is asked for; one that does not fit the items is told."""
    with using_threads(asked.threads, asked.kinds), torch.inference_mode():
        recommender = load(asked.folder, asked.stage, "torch")
        items, scoring = recommender.retriever.items.table, recommender.retriever.scoring
        count, width = len(items) - 1, items.shape[1]
        if asked.k > count:
            raise SettingsError(f"--k={asked.k} is more than the {count} items; write less.")
        queries = queries_of(recommender, asked.users, asked.histories)
        exact, lists = measure_exact(items, queries, asked.k, asked.batch, scoring)
        found: list[Measured] = []
        problems: list[str] = []
        with TrainingProgress() as progress:
            for number, kind in enumerate(asked.kinds):
                progress.at(f"search {kind}", number / len(asked.kinds))
                try:
                    found += measure_kind(kind, items, queries, lists, asked.batch, scoring)
                except RetrievalError as error:
                    problems.append(str(error))
    threads = "1 thread" if asked.threads == 1 else f"{asked.threads} threads"
    setup = (
        f"{recommender.trained.folder.name}, stage {recommender.trained.stage}: {count:,} items of "
        f"width {width}; {len(queries):,} users of {queries.interests.shape[1]} interests, "
        f"{asked.batch} at once; lists of {asked.k}; {threads} of {processor_name()}."
    )
    return Findings(setup, exact, found, count, width, asked.k, problems)


def _checked(out: Path) -> None:
    """Refuse, before anything is measured, a folder that can neither take files nor be made."""
    there = next(path for path in (out, *out.absolute().parents) if os.path.lexists(path))
    if not there.is_dir() or not os.access(there, os.W_OK):
        why = "nobody may write there" if there.is_dir() else f"{there} is no folder"
        raise SettingsError(f"{out} cannot take the files: {why}; name another folder with --out.")
