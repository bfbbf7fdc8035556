"""What is tuned, what one trial is, what comes out, and the yaml file that keeps it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

import yaml

from recbole_opal.runs.atomic import write_text

__all__ = ["TunableVariant", "Tuned", "TunedTrial", "save_tuned"]


@dataclass(frozen=True)
class TunableVariant:
    """What tuning must know of a variant, which is a model with settings of its own.

    Attributes:
        model: the model's class name.
        label: the name of its row in the table, as `OPAL num_interests=8`.
        settings: every setting that the user gave for it, in whatever way; none is searched over.
        digest: changes with all that makes old trials worthless: data, settings, seed, versions.
    """

    model: str
    label: str
    settings: Mapping[str, Any]
    digest: str


class TunedTrial(TypedDict):
    """One tried combination, one that was cut off is not kept: it is tried again.

    Attributes:
        settings: the values of the searched settings.
        score: validation metric; None if the trial failed.
        seconds: wall time.
        state: done or failed.
        reason: why it failed, else None.
    """

    settings: dict[str, Any]
    score: float | None
    seconds: float
    state: Literal["done", "failed"]
    reason: str | None


@dataclass(frozen=True)
class Tuned:
    """The outcome of a search.

    Attributes:
        settings: the best values of the searched settings; the first found wins a tie, so that
            the defaults stay if nothing is better.
        score: their validation metric.
        trials: every trial, in order; the first is the defaults.
        space: what was searched, as in the yaml file.
    """

    settings: dict[str, Any]
    score: float
    trials: list[TunedTrial]
    space: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def default_score(self) -> float | None:
        """The validation metric of the defaults; None if they failed."""
        return self.trials[0]["score"]


def save_tuned(variant: TunableVariant, tuned: Tuned, folder: Path) -> Path:
    """Write `tuned-<label>.yaml`: the model, the settings given and the settings found.

    Returns:
        The path; `--config_files=<path>` trains the variant with these settings.

    Raises:
        CheckpointError: the file cannot be written.
    """
    failed = sum(trial["state"] == "failed" for trial in tuned.trials)
    default = tuned.default_score
    header = [
        f"{variant.label}: the best of {len(tuned.trials)} trials on validation ({failed} failed).",
        f"Score {tuned.score:.6g}; the defaults, which are the first trial, have "
        f"{'none: they failed' if default is None else f'{default:.6g}'}.",
        f"Searched: {', '.join(tuned.space) or 'nothing, the model has no search space'}.",
    ]
    settings = {"model": variant.model} | dict(variant.settings) | tuned.settings
    body = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    path = folder / f"tuned-{re.sub(r'[^A-Za-z0-9_.=+-]+', '-', variant.label)}.yaml"
    write_text(path, "".join(f"# {line}\n" for line in header) + body)
    return path
