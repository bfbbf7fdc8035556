"""The search itself: propose, validate, write down, until the budget is used."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml

from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.evaluation.direction import best_of
from recbole_opal.host.yaml_settings import default_settings
from recbole_opal.runs.atomic import write_text
from recbole_opal.tuning.optuna_host import TunedTrial, quiet_optuna, require_optuna, trial_of
from recbole_opal.tuning.proposal import next_settings
from recbole_opal.tuning.search_space import search_space
from recbole_opal.tuning.store import open_store

__all__ = ["TunableVariant", "Tuned", "TuningError", "save_tuned", "tune"]


@dataclass(frozen=True)
class TunableVariant:
    """What tuning must know of a model with settings of its own.

    Attributes:
        label: the name of its row in the table, as `OPAL num_interests=8`.
        settings: every setting that the user gave for it, in whatever way; none is searched over.
        digest: changes with all that makes old trials worthless: data, settings, seed, versions.
    """

    model: str
    label: str
    settings: Mapping[str, Any]
    digest: str


@dataclass(frozen=True)
class Tuned:
    """The outcome of a search: the best settings, their score, and every trial in order.

    The first trial is the defaults, and the first found wins a tie: they stay if nothing is better.
    The space is as in the yaml file.
    """

    settings: dict[str, Any]
    score: float
    trials: list[TunedTrial]
    space: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def default_score(self) -> float | None:
        """The validation metric of the defaults; None if they failed."""
        return self.trials[0]["score"]


class TuningError(OpalError):
    """Every trial of a search failed."""

    exit_code = 1


def tune(
    variant: TunableVariant,
    trials: int,
    folder: Path,
    *,
    validate: Callable[[dict[str, Any]], float],
    begins: Callable[[int, int], None] = lambda number, budget: None,
    seed: int = 0,
    bigger: bool = True,
) -> Tuned:
    """Search the settings of a variant by its validation metric.

    The same arguments give the same trials in the same order, also when the search was cut off and
    is called again: finished trials are read from `<folder>/tuning.db`, one that was cut off is
    tried again, and a larger `trials` goes on behind them. A failed trial counts as one of
    `trials`. A model without a search space gets one trial, its defaults; a space with fewer than
    `trials` combinations gets them all.

    Args:
        variant: it must not be tuned twice at the same time.
        trials: how many combinations are tried, in [1, inf).
        folder: several variants may share it, in threads too.
        validate: trains with the searched settings; raises an `OpalError` if the run fails. Any
            other exception, as Ctrl-C, ends the search and leaves no trace of the trial.
        begins: is told before each trial its number, from 1, and how many there are at most.
        seed: of the search.
        bigger: whether more of the metric is better.

    Raises:
        OpalError: every trial failed, Optuna is missing, the search block is malformed, or
            `tuning.db` cannot be read or written.
    """
    if trials < 1:
        raise SettingsError(f"--tune={trials} is not in [1, inf); write for example --tune=10.")
    require_optuna()
    space = search_space(variant.model, variant.settings)
    plain = {name: knob.as_plain() for name, knob in space.items()}
    defaults = default_settings(variant.model, variant.settings.get("recipe", "default"))
    budget = trials if space else 1
    # All that decides what the trials are.
    parts = [variant.model, variant.digest, plain, seed, *([] if bigger else ["minimize"])]
    digest = sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    study = f"{variant.label} {digest[:16]}"
    with quiet_optuna(), open_store(folder, study, space, bigger=bigger) as store:
        while len(finished := store.trials()) < budget:
            settings = next_settings(space, defaults, finished, seed, bigger=bigger)
            if settings is None:
                break
            begins(len(finished) + 1, budget)
            store.add(_tried(settings, validate))
    finished = finished[:budget]
    best = best_of(finished, lambda trial: trial["score"], bigger=bigger)
    if best is None or best["score"] is None:
        raise TuningError(
            f"tuning {variant.label}: all {len(finished)} trials failed, the first because "
            f"{finished[0]['reason']} Mend that and give the same command again."
        )
    return Tuned(best["settings"], best["score"], finished, plain)


def _tried(settings: dict[str, Any], validate: Callable[[dict[str, Any]], float]) -> TunedTrial:
    started = perf_counter()
    score, reason = None, None
    try:
        score = float(validate(dict(settings)))
        if not math.isfinite(score):
            score, reason = None, f"the validation metric is {score}"
    except OpalError as error:
        reason = str(error)
    return trial_of(settings, score, perf_counter() - started, reason)


def save_tuned(variant: TunableVariant, tuned: Tuned, folder: Path) -> Path:
    """Write `tuned-<label>.yaml`, the settings given and found, for `--config_files`."""
    failed = sum(trial["score"] is None for trial in tuned.trials)
    default = "none: they failed" if tuned.default_score is None else f"{tuned.default_score:.6g}"
    searched = ", ".join(tuned.space) or "nothing, the model has no search space"
    header = (
        f"# {variant.label}: the best of {len(tuned.trials)} trials on validation "
        f"({failed} failed).\n"
        f"# Score {tuned.score:.6g}; the defaults, which are the first trial, have {default}.\n"
        f"# Searched: {searched}.\n"
    )
    settings = {"model": variant.model, **variant.settings, **tuned.settings}
    body = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    path = folder / f"tuned-{re.sub(r'[^A-Za-z0-9_.=+-]+', '-', variant.label)}.yaml"
    write_text(path, header + body)
    return path
