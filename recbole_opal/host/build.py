"""The model of a run, out of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.runs.refusal import reason_of

__all__ = ["Built"]


@dataclass(frozen=True)
class Built:
    """A model that is to be trained; wrong settings are found while it is made.

    Attributes:
        model: on its device.
        seconds: that the model's constructor took.
    """

    model: Any
    seconds: float

    @classmethod
    def of(cls, config: Any, dataset: Any) -> Built:
        """Build the model of a run.

        Args:
            config: the settings of the run.
            dataset: the training dataset.

        Raises:
            SettingsError: RecBole's model refuses its settings.
        """
        started = perf_counter()
        try:
            model = config.model_class(config, dataset).to(config["device"])
        except (AssertionError, NotImplementedError, ValueError) as error:
            if issubclass(config.model_class, MultiInterestRecommender):
                raise
            raise SettingsError(
                f"--model={config['model']} cannot be built from these settings "
                f"({reason_of(error)}); see its yaml file in RecBole for the choices."
            ) from error
        return cls(model, perf_counter() - started)
