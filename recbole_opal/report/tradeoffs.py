"""Accuracy and diversity of a run's lists as they are re-ranked, one knob turned at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from recbole_opal.batches import EvaluationBatch
from recbole_opal.evaluation.evaluator import Measured, judge, measure
from recbole_opal.evaluation.full_sort import Retrieved
from recbole_opal.evaluation.listed import CategoryDiversity, Coverage
from recbole_opal.evaluation.metric import FloatArray, Metric
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.report.served_run import ServedRun
from recbole_opal.reranking import Candidates, Reranking, gather, rerank
from recbole_opal.retrieval import TopK, make_retriever
from recbole_opal.retrieval.retriever import Retriever

__all__ = ["LAMBDAS", "PLACES", "SHARES", "Knob", "TradeoffCurve", "tradeoff_curves"]

Knob = Literal["diversity", "by_share", "per_interest"]

LAMBDAS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
PLACES = (0, 1, 2, 5, 10)
"""What each knob is turned to; only as many places for each interest as the list has."""

_BATCH = 512


@dataclass(frozen=True)
class TradeoffCurve:
    """What a knob does to the lists of U users at P settings.

    Attributes:
        knob: what is turned.
        settings: (P,) to what.
        tokens: the raw ids of the users.
        accuracy: (P, U) the metric of each user.
        diversity: by `name@k`, (P,) values of the lists as a whole.
    """

    knob: Knob
    settings: Sequence[float]
    tokens: Sequence[str]
    accuracy: FloatArray
    diversity: Mapping[str, FloatArray]

    @property
    def means(self) -> FloatArray:
        """(P,) the metric over the users that have one."""
        means: FloatArray = np.nanmean(self.accuracy, axis=1)
        return means


@torch.no_grad()
def tradeoff_curves(
    run: ServedRun, metric: Metric, k: int, knobs: Collection[Knob] = get_args(Knob)
) -> dict[Knob, TradeoffCurve]:
    """Return the curve of each knob, all out of as many candidates a user whatever K is.

    Places for interests are not turned where there is one interest, nor lambda where categories
    are not known.

    Args:
        run: the network and its users.
        metric: of the hits in each user's list.
        k: the length of the lists.
        knobs: those to turn; all by default.
    """
    retriever = make_retriever("torch", run.network.item_table(), scoring=run.network.scoring)
    asked = [_Asked.of(run.network, batch) for batch in run.batches(_BATCH)]
    categories = run.training.categories
    table = None if categories is None else torch.from_numpy(categories)
    turned = _turned(asked[0].queries.shape[1], k, with_categories=table is not None)
    curves: dict[Knob, TradeoffCurve] = {}
    for knob, rules in turned.items():
        if knob not in knobs:
            continue
        # The last setting asks for most: what it is chosen from holds all that the others need.
        candidates = [each.candidates(retriever, k, rules[-1]) for each in asked]
        lists = [[rerank(each, k, rule, table) for each in candidates] for rule in rules]
        found = [_measured(run, asked, each, metric, k) for each in lists]
        name = f"{metric.name}@{k}"
        curves[knob] = TradeoffCurve(
            knob,
            [getattr(rule, knob) for rule in rules],
            run.tokens,
            np.stack([each.per_user[name] for each in found]),
            {
                other: np.array([each.results[other] for each in found])
                for other in found[0].results
                if other != name
            },
        )
    return curves


def _measured(
    run: ServedRun, asked: Sequence[_Asked], lists: Sequence[TopK], metric: Metric, k: int
) -> Measured:
    """Return what the metric and those of diversity say of the lists, a batch each."""
    made = iter(lists)
    judged = judge(
        lambda _: Retrieved(next(made).ids),
        [each.batch for each in asked],
        {"topk": [k]},
        run.training,
    )
    return measure(judged, (metric, CategoryDiversity(), Coverage()))


@dataclass(frozen=True)
class _Asked:
    """A batch of users as the network answers them."""

    batch: EvaluationBatch
    queries: Tensor  # (B, K, D)
    shares: Tensor  # (B, K)
    active: Tensor | None  # (B, K)

    @classmethod
    def of(cls, network: MultiInterestNetwork, batch: EvaluationBatch) -> _Asked:
        met = batch.inputs
        shares, active = network.interest_shares(met), network.active_interests(met)
        return cls(batch, network.interests(met), shares, active)

    def candidates(self, retriever: Retriever, k: int, rule: Reranking) -> Candidates:
        shares, active, exclude = self.shares, self.active, self.batch.excluded
        return gather(
            retriever, self.queries, k, rule, shares=shares, active=active, exclude=exclude
        )


def _turned(interests: int, k: int, *, with_categories: bool) -> dict[Knob, list[Reranking]]:
    """Return what is asked for at each setting of each knob that there is."""
    budget = Reranking(diversity=1.0).budget(k)  # one for all
    turned: dict[Knob, list[Reranking]] = {}
    if with_categories:
        turned["diversity"] = [Reranking(diversity=x, candidates=budget) for x in LAMBDAS]
    if interests > 1:
        turned["by_share"] = [Reranking(by_share=x, candidates=budget) for x in SHARES]
        places = [n for n in PLACES if n * interests <= k]
        turned["per_interest"] = [Reranking(per_interest=n, candidates=budget) for n in places]
    return turned
