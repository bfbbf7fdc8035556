"""The rows of a comparison whose lists can be re-ranked, with their curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.metric import Metric, name_of
from recbole_opal.evaluation.ranking import Recall
from recbole_opal.evaluation.registry import built_in
from recbole_opal.models import MODELS
from recbole_opal.own_models import is_address
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.served_run import ServedRun
from recbole_opal.report.tradeoffs import Knob, TradeoffCurve, tradeoff_curves
from recbole_opal.report.trained_opals import telling
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import HISTORIES_NAME

__all__ = ["MOST_USERS", "Reranked", "RerankedRows", "metric_of", "reranked_rows"]

MOST_USERS = 2000
"""Users of a run that are served again, for each setting of each knob."""


@dataclass(frozen=True)
class Reranked:
    """What the knobs do to the lists of a row, in the first seed that can be read."""

    row: Row
    curves: dict[Knob, TradeoffCurve]


@dataclass(frozen=True)
class RerankedRows:
    """The rows of networks of interests, of one vector or several.

    Attributes:
        done: with their curves.
        without: names of those whose runs kept no histories, as older versions made them.
        problems: what went wrong with others, a line each.
    """

    done: list[Reranked] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def reranked_rows(comparison: ComparisonResult, files: RunFiles) -> RerankedRows:
    """Re-rank the lists of all rows that can be served again out of their run folders."""
    rows = RerankedRows()
    metric, k = metric_of(comparison), comparison.k
    for row in comparison.done if k else []:
        for seed, path in comparison.run_folders(row).items():
            with telling(rows.problems, row, seed):
                folder = _network_folder(row, path, files)
                if folder is None:
                    continue
                if HISTORIES_NAME not in folder.names:
                    rows.without.append(row.named)
                    break
                run = ServedRun.read(folder, row.stage, MOST_USERS)
                rows.done.append(Reranked(row, tradeoff_curves(run, metric, k)))
                break
    return rows


def metric_of(comparison: ComparisonResult) -> Metric:
    """Return the comparison's metric where it is one of the hits in a list, else recall."""
    metric = built_in().get(name_of(comparison.metric))
    if metric is None or metric.diversity or metric.needs_ranks or not metric.per_user:
        return Recall()
    return metric


def _network_folder(row: Row, path: Path, files: RunFiles) -> RunReader | None:
    """Return the run's folder if it holds a trained network of ours or of the user's."""
    folder = files.folder(path)
    if folder is None or row.stage not in folder.stages:
        return None
    name = str(folder.load_yaml("config.yaml")["model"])
    return folder if name in MODELS or is_address(name) else None
