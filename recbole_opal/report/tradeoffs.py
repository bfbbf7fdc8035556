"""Accuracy and diversity of a run's lists as they are re-ranked, one knob turned at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from recbole_opal.batches import EvaluationBatch
from recbole_opal.evaluation.evaluator import match_targets, measure
from recbole_opal.evaluation.judged import Judged
from recbole_opal.evaluation.listed import CategoryDiversity, Coverage
from recbole_opal.evaluation.metric import FloatArray, Metric
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.report.served_run import ServedRun
from recbole_opal.reranking import Candidates, Reranking, gather, rerank
from recbole_opal.retrieval import make_retriever
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
        tokens: the raw ids of the users, sorted.
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
def tradeoff_curves(run: ServedRun, metric: Metric, k: int) -> dict[Knob, TradeoffCurve]:
    """Return the curve of each knob, all out of as many candidates a user whatever K is.

    Places for interests are not turned where there is one interest, nor lambda where categories
    are not known.

    Args:
        run: the network and its users.
        metric: of the hits in each user's list.
        k: the length of the lists.
    """
    retriever = make_retriever("torch", run.network.item_table())
    asked = [_asked(run.network, batch) for batch in run.batches(_BATCH)]
    categories = run.training.categories
    turned = _turned(asked[0].queries.shape[1], k, with_categories=categories is not None)
    table = None if categories is None else torch.from_numpy(categories)
    lists: dict[Knob, list[list[Tensor]]] = {
        knob: [[] for _ in rules] for knob, rules in turned.items()
    }
    for each in asked:
        found: dict[bool, Candidates] = {}  # with and without those of each interest alone
        for knob, rules in turned.items():
            alone = rules[-1].has_quotas
            if alone not in found:
                found[alone] = _candidates(retriever, each, k, rules[-1])
            for parts, rule in zip(lists[knob], rules, strict=True):
                parts.append(rerank(found[alone], k, rule, table).ids)
    return {
        knob: _curve(
            run, metric, knob, rules, [_judged(run, torch.cat(p), asked, k) for p in lists[knob]]
        )
        for knob, rules in turned.items()
    }


@dataclass(frozen=True)
class _Asked:
    """A batch of users as the network answers them."""

    batch: EvaluationBatch
    queries: Tensor  # (B, K, D)
    shares: Tensor  # (B, K)
    active: Tensor | None  # (B, K)


def _asked(network: MultiInterestNetwork, batch: EvaluationBatch) -> _Asked:
    histories = batch.inputs
    return _Asked(
        batch,
        network.interests(histories),
        network.interest_shares(histories),
        network.active_interests(histories),
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


def _candidates(retriever: Retriever, asked: _Asked, k: int, rule: Reranking) -> Candidates:
    return gather(
        retriever,
        asked.queries,
        k,
        rule,
        shares=asked.shares,
        active=asked.active,
        exclude=asked.batch.excluded,
    )


def _judged(run: ServedRun, ids: Tensor, asked: Sequence[_Asked], k: int) -> Judged:
    hits, counts = zip(
        *(
            match_targets(part, each.batch.targets)
            for part, each in zip(torch.split(ids, _BATCH), asked, strict=True)
        ),
        strict=True,
    )
    return Judged(
        users=torch.cat([each.batch.users for each in asked]).numpy(),
        items=ids.int().numpy(),
        hits=torch.cat(hits).numpy(),
        num_targets=torch.cat(counts).numpy(),
        training=run.training,
        settings={"topk": [k]},
    )


def _curve(
    run: ServedRun, metric: Metric, knob: Knob, rules: Sequence[Reranking], judged: Sequence[Judged]
) -> TradeoffCurve:
    name = f"{metric.name}@{judged[0].topk[0]}"
    found = [measure(each, (metric, CategoryDiversity(), Coverage())) for each in judged]
    diverse = [measured for measured in found[0].results if measured != name]
    return TradeoffCurve(
        knob,
        [getattr(rule, knob) for rule in rules],
        run.tokens,
        np.stack([each.per_user[name] for each in found]),
        {key: np.array([each.results[key] for each in found]) for key in diverse},
    )
