"""The evaluation loop: batches to lists, lists to metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.batches import EvaluationBatch
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.evaluation.judged import InterestRecord, Judged, RankRecord, TrainingFacts
from recbole_opal.evaluation.metric import FloatArray, Metric
from recbole_opal.evaluation.retrieve import FullSortRetriever, from_scores
from recbole_opal.evaluation.retrieved import Retrieved

__all__ = ["Measured", "Scores", "judge", "match_targets", "measure"]

Scores = Callable[[EvaluationBatch], Tensor]
"""Gives (B, N) scores of a batch, -inf for the padding and for what is left out."""


@dataclass(frozen=True)
class Measured:
    """What metrics say of lists.

    Attributes:
        results: by `name@k`; NaN where no user has a value.
        per_user: of the metrics that users have, (E,) float64, NaN where one has none, not rounded.
    """

    results: dict[str, float]
    per_user: dict[str, FloatArray]


@torch.no_grad()
def judge(
    model: Any,
    batches: Iterable[EvaluationBatch],
    settings: Mapping[str, Any],
    training: TrainingFacts,
    *,
    device: torch.device | str = "cpu",
    scores: Scores | None = None,
    with_ranks: bool = False,
    with_interests: bool = False,
) -> Judged:
    """Let a model list items for all rows, and mark the hits.

    Args:
        model: a `torch.nn.Module`; left in evaluation mode.
        batches: with targets in each row.
        settings: see `FullSortRetriever`.
        training: what training knew, for the metrics.
        device: where the model is.
        scores: for a model that scores all items itself; None: an `InterestModel`.
        with_ranks: whether a metric `needs_ranks`.
        with_interests: whether to keep what each interest did.

    Raises:
        DataError: a row has no target, for which recall is undefined.
        RetrievalError: the model gives numbers that are not finite.
    """
    model.eval()
    k = max(settings["topk"])
    if scores is None:
        retriever = FullSortRetriever(
            model, settings, with_ranks=with_ranks, with_interest_use=with_interests
        )

    def listed(batch: EvaluationBatch) -> Retrieved:
        if scores is None:
            return retriever.retrieve(batch.inputs.to(device), batch.excluded, batch.targets)
        found = scores(batch)
        rows, ids = (part.to(found.device) for part in batch.targets)
        return from_scores(found, k, (rows, ids) if with_ranks else None)

    parts = [_judged(batch, listed(batch), training, settings) for batch in batches]
    judged: Judged = _joined(parts)
    return judged


def _judged(
    batch: EvaluationBatch,
    retrieved: Retrieved,
    training: TrainingFacts,
    settings: Mapping[str, Any],
) -> Judged:
    """Bring the lists of a batch onto the host and mark their hits."""
    ids = retrieved.ids.cpu()
    rows, targets = batch.targets
    hits, num_targets = match_targets(ids, (rows.cpu(), targets.cpu()))
    if bool((num_targets == 0).any()):
        raise DataError(
            "a row of the evaluation has no target item; drop such rows before evaluating"
        )
    ranks, use = retrieved.ranks, retrieved.interest_use
    return Judged(
        batch.users.cpu().numpy(),
        ids.numpy().astype(np.int32),
        hits.numpy(),
        num_targets.numpy(),
        training,
        settings,
        None if ranks is None else RankRecord(*_arrays(*vars(ranks).values())),
        None if use is None else InterestRecord(*_arrays(*vars(use).values())),
    )


def _arrays(*tensors: Tensor) -> list[Any]:
    return [tensor.cpu().numpy() for tensor in tensors]


def _joined(parts: Sequence[Any]) -> Any:
    """Join arrays, and records of arrays field by field; what is one for all batches stays."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if not isinstance(first, Judged | RankRecord | InterestRecord):
        return first
    columns = {each.name: [getattr(part, each.name) for part in parts] for each in fields(first)}
    return type(first)(**{name: _joined(column) for name, column in columns.items()})


def measure(judged: Judged, metrics: Iterable[Metric], *, digits: int | None = None) -> Measured:
    """Compute metrics at the cut-offs of the settings.

    Args:
        judged: the lists.
        metrics: what is computed.
        digits: how many decimal places results keep; None: all.

    Raises:
        SettingsError: a metric of the user's gives values of another shape than it should.
    """
    results: dict[str, float] = {}
    per_user: dict[str, FloatArray] = {}
    for metric in metrics:
        for key, given in metric.at_each(judged, judged.topk).items():
            values = np.asarray(given, dtype=np.float64)
            if values.shape != (judged.users.shape if metric.per_user else ()):
                raise SettingsError(
                    f"--metrics: {type(metric).__name__}.values gave an array of shape "
                    f"{values.shape} for {len(judged.users)} users; give one value a user, or set "
                    "per_user = False and give one number."
                )
            defined = values[~np.isnan(values)]
            mean = float(defined.mean()) if defined.size else float("nan")
            results[key] = mean if digits is None else round(mean, digits)
            if metric.per_user:
                per_user[key] = values
    return Measured(results, per_user)


def match_targets(ids: Tensor, targets: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Mark the hits of each list.

    Args:
        ids: (B, k) int64; 0 never matches.
        targets: (rows, ids); repeated pairs count once.

    Returns:
        (B, k) bool, and (B,) the number of distinct targets.
    """
    batch = len(ids)
    rows, items = targets
    # Keys put the row last, so that they stay below 2^63 for any catalogue.
    wanted = torch.unique(items * batch + rows)
    keys = ids * batch + torch.arange(batch)[:, None]
    hits = torch.isin(keys, wanted) & (ids > 0)
    return hits, torch.bincount(wanted % batch, minlength=batch)
