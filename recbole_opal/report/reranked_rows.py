"""The rows of a comparison whose lists can be re-ranked, with their curves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.metric import Metric, name_of
from recbole_opal.evaluation.ranking import Recall
from recbole_opal.evaluation.registry import built_in
from recbole_opal.models import MODELS
from recbole_opal.own_models import is_address
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.tested_run import HISTORIES, TestedRun
from recbole_opal.report.tradeoffs import Knob, TradeoffCurve, tradeoff_curves
from recbole_opal.report.trained_opals import telling
from recbole_opal.report.wording import listed
from recbole_opal.runs import RunReader

__all__ = ["MOST_USERS", "Reranked", "metric_of", "reranked_rows"]

MOST_USERS = 5000
"""Users of a run that are served again, for each setting of each knob."""


@dataclass(frozen=True)
class Reranked:
    """What the knobs do to the lists of a row, in the first seed that can be read."""

    row: Row
    curves: dict[Knob, TradeoffCurve]


def reranked_rows(
    comparison: ComparisonResult, files: RunFiles
) -> tuple[list[Reranked], list[str]]:
    """Return the rows of networks of interests, one vector or several, and what went wrong."""
    found: list[Reranked] = []
    problems: list[str] = []
    without: list[str] = []
    metric, k = metric_of(comparison), comparison.k
    for row in comparison.done if k else []:
        for seed, path in comparison.run_folders(row).items():
            with telling(problems, row, seed):
                folder = _network_folder(row, path, files)
                if folder is None:
                    continue
                if HISTORIES not in folder.names:
                    without.append(row.short)
                    break
                run = TestedRun.read(folder, row.stage, MOST_USERS)
                found.append(Reranked(row, tradeoff_curves(run, metric, k)))
                break
    if without:
        problems.append(
            f"The runs of {listed(without)} were made by a version that kept no histories, so "
            "their lists are not re-ranked; train them again."
        )
    return found, problems


def metric_of(comparison: ComparisonResult) -> Metric:
    """Return the comparison's metric where it is one of the hits in a list, else recall."""
    metric = built_in().get(name_of(comparison.metric))
    if metric is None or metric.diversity or metric.needs_ranks or not metric.per_user:
        return Recall()
    return metric


def _network_folder(row: Row, path: Path, files: RunFiles) -> RunReader | None:
    """Return the run's folder if its model is a network of ours or of the user's."""
    folder = files.folder(path)
    if folder is None or row.model in MODELS:
        return folder
    own = "config.yaml" in folder.names and is_address(
        str(folder.load_yaml("config.yaml")["model"])
    )
    return folder if own else None
