"""From batches to lists, and from lists to what metrics say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from recbole_opal.batches import EvaluationBatch
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.evaluation.every_part import of_all_processes
from recbole_opal.evaluation.full_sort import Retrieved
from recbole_opal.evaluation.judged import IntArray, Judged, TrainingFacts
from recbole_opal.evaluation.metric import FloatArray, Metric
from recbole_opal.own_models import is_ours

__all__ = ["Measured", "judge", "match_targets", "measure"]

_HERE = str(Path(__file__).parent)


@dataclass(frozen=True)
class Measured:
    """What metrics say of lists.

    Attributes:
        results: by `name@k`; NaN where no user has a value.
        per_user: of the metrics that users have, (E,) float64, NaN where one has none, not rounded.
    """

    results: dict[str, float]
    per_user: dict[str, FloatArray]


def judge(
    lists: Callable[[EvaluationBatch], Retrieved],
    batches: Iterable[EvaluationBatch],
    settings: Mapping[str, Any],
    training: TrainingFacts,
) -> Judged:
    """Join the lists of all batches, and mark the hits; settings and facts are for the metrics.

    Where several processes have batches each, in the order of their ranks, all get all lists.

    A row without a target, for which recall is undefined, is a DataError.
    """
    parts, unmet = [], torch.from_numpy(training.counts == 0)
    for batch in batches:
        found = lists(batch)
        if not len(batch.users):  # the process only took part in what others asked for
            continue
        ids = found.ids.cpu()
        hits, num_targets = match_targets(ids, batch.targets)
        if bool((num_targets == 0).any()):
            raise DataError(
                "a row of the evaluation has no target item; drop such rows before evaluating"
            )
        parts.append(
            Judged(
                users=batch.users.numpy(),
                items=ids.int().numpy(),
                hits=hits.numpy(),
                num_targets=num_targets.numpy(),
                training=training,
                settings=settings,
                ranks=found.ranks,
                interests=found.interests,
                num_cold=_num_cold(batch.targets, unmet, len(ids)),
            )
        )
    own: Judged | None = _joined(parts) if parts else None
    return of_all_processes(own, settings, training)


def measure(judged: Judged, metrics: Iterable[Metric], *, digits: int | None = None) -> Measured:
    """Compute metrics at the cut-offs of the settings; results keep so many digits, None: all.

    A metric of the user's that fails, or gives other values than it should, is a SettingsError.
    """
    results: dict[str, float] = {}
    per_user: dict[str, FloatArray] = {}
    for metric in metrics:
        for key, values in _values(metric, judged).items():
            defined = values[~np.isnan(values)]
            mean = float(defined.mean()) if defined.size else float("nan")
            results[key] = mean if digits is None else round(mean, digits)
            if metric.per_user:
                per_user[key] = values
    return Measured(results, per_user)


def _values(metric: Metric, judged: Judged) -> dict[str, FloatArray]:
    """Return a metric's values at each cut-off, checked: whoever wrote it, wrote any code."""
    name = f"--metrics: {type(metric).__name__}.values"
    try:
        given = metric.at_each(judged, judged.topk).items()
        found = {key: np.asarray(values, dtype=np.float64) for key, values in given}
    except Exception as error:
        if is_ours(type(metric)) or isinstance(error, MemoryError):
            raise
        frames = extract_tb(error.__traceback__)
        at = next((each for each in frames if not each.filename.startswith(_HERE)), frames[-1])
        raise SettingsError(
            f"{name} failed in line {at.lineno} of {at.filename} "
            f"({type(error).__name__}: {error}); correct it."
        ) from error
    for values in found.values():
        if values.shape != (judged.users.shape if metric.per_user else ()):
            raise SettingsError(
                f"{name} gave an array of shape {values.shape} for {len(judged.users)} users; give "
                "one value a user, or set per_user = False and give one number."
            )
        if np.isinf(values).any():
            raise SettingsError(f"{name} gave an infinite value; give NaN where there is none.")
    return found


def match_targets(ids: Tensor, targets: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Mark the hits of (B, k) lists, (B, k) bool, and count each row's distinct targets, (B,).

    Fills (0) never match; of the (rows, ids) of the targets, repeated pairs count once.
    """
    batch = len(ids)
    rows, items = (part.cpu() for part in targets)
    # Keys put the row last, so that they stay below 2^63 for any catalogue.
    wanted = torch.unique(items * batch + rows)
    keys = ids * batch + torch.arange(batch)[:, None]
    hits = torch.isin(keys, wanted) & (ids > 0)
    return hits, torch.bincount(wanted % batch, minlength=batch)


def _num_cold(targets: tuple[Tensor, Tensor], unmet: Tensor, rows: int) -> IntArray:
    """Return (B,) how many distinct targets of each row are items that training has not met."""
    owners, items = (part.cpu() for part in targets)
    cold = unmet[items]
    distinct = torch.unique(torch.stack([owners[cold], items[cold]]), dim=1)
    return torch.bincount(distinct[0], minlength=rows).numpy()


def _joined(parts: Sequence[Any]) -> Any:
    """Join arrays, and records of arrays field by field; what is one for all batches stays."""
    first, kind = parts[0], cast("Any", type(parts[0]))
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if not is_dataclass(first) or isinstance(first, TrainingFacts):
        return first
    columns = {each.name: [getattr(part, each.name) for part in parts] for each in fields(first)}
    return kind(**{name: _joined(column) for name, column in columns.items()})
