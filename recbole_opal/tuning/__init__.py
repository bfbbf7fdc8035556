"""Tuning: the same number of tried settings for every model, on validation only, by Optuna."""

from recbole_opal.tuning.optuna_host import MissingOptunaError, TunedTrial, require_optuna
from recbole_opal.tuning.tuner import TunableVariant, Tuned, TuningError, save_tuned, tune

__all__ = [
    "MissingOptunaError",
    "TunableVariant",
    "Tuned",
    "TunedTrial",
    "TuningError",
    "require_optuna",
    "save_tuned",
    "tune",
]
