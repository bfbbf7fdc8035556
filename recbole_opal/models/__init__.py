"""The models of this library, by the name `--model` takes."""

from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.models.opal import OPAL

__all__ = ["MODELS", "OPAL", "MultiInterestRecommender"]

MODELS: dict[str, type[MultiInterestRecommender]] = {"OPAL": OPAL}
