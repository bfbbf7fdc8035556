"""Settings that were found, as a yaml file that `--config_files` takes."""

import re
from pathlib import Path

import yaml

from recbole_opal.runs.atomic import write_text
from recbole_opal.tuning.trial import TunableVariant, Tuned

__all__ = ["save_tuned"]


def save_tuned(variant: TunableVariant, tuned: Tuned, folder: Path) -> Path:
    """Write `tuned-<label>.yaml`: the model, the settings given and the settings found.

    Args:
        variant: what was tuned.
        tuned: what was found.
        folder: an existing folder.

    Returns:
        The path; `--config_files=<path>` trains the variant with these settings.

    Raises:
        CheckpointError: the file cannot be written.
    """
    path = folder / f"tuned-{re.sub(r'[^A-Za-z0-9_.=+-]+', '-', variant.label)}.yaml"
    settings = {"model": variant.model} | dict(variant.settings) | tuned.settings
    body = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    write_text(path, _header(variant, tuned) + body)
    return path


def _header(variant: TunableVariant, tuned: Tuned) -> str:
    failed = sum(trial["state"] == "failed" for trial in tuned.trials)
    default = tuned.default_score
    lines = [
        f"{variant.label}: the best of {len(tuned.trials)} trials on validation ({failed} failed).",
        f"Score {tuned.score:.6g}; the defaults, which are the first trial, have "
        f"{'none: they failed' if default is None else f'{default:.6g}'}.",
        f"Searched: {', '.join(tuned.space) or 'nothing, the model has no search space'}.",
    ]
    return "".join(f"# {line}\n" for line in lines)
