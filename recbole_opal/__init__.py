"""Multi-interest candidate retrieval inside RecBole.

The public names are imported when they are first used, so that a mistyped flag is refused before
torch and RecBole are loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recbole_opal.errors import OpalError

if TYPE_CHECKING:
    from recbole_opal.comparison.compare import compare
    from recbole_opal.comparison.result import ComparisonResult
    from recbole_opal.data.dataset import FutureItemDataset
    from recbole_opal.experiment import RunResult, resume, run
    from recbole_opal.host.recommender import OPAL, MultiInterestRecommender
    from recbole_opal.models.base import MultiInterestNetwork
    from recbole_opal.settings.config import OpalConfig
    from recbole_opal.settings.fields import Section
    from recbole_opal.settings.model_schemas import MultiInterestSettings
    from recbole_opal.training.two_stage import TwoStageTrainer

__all__ = [
    "OPAL",
    "ComparisonResult",
    "FutureItemDataset",
    "MultiInterestNetwork",
    "MultiInterestRecommender",
    "MultiInterestSettings",
    "OpalConfig",
    "OpalError",
    "RunResult",
    "Section",
    "TwoStageTrainer",
    "compare",
    "resume",
    "run",
]

__version__ = "0.1.0"

_HOMES = {
    "ComparisonResult": "recbole_opal.comparison.result",
    "compare": "recbole_opal.comparison.compare",
    "OPAL": "recbole_opal.host.recommender",
    "FutureItemDataset": "recbole_opal.data.dataset",
    "MultiInterestNetwork": "recbole_opal.models.base",
    "MultiInterestRecommender": "recbole_opal.host.recommender",
    "MultiInterestSettings": "recbole_opal.settings.model_schemas",
    "OpalConfig": "recbole_opal.settings.config",
    "Section": "recbole_opal.settings.fields",
    "RunResult": "recbole_opal.experiment",
    "TwoStageTrainer": "recbole_opal.training.two_stage",
    "resume": "recbole_opal.experiment",
    "run": "recbole_opal.experiment",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'recbole_opal' has no attribute '{name}'")
    from recbole_opal.host import require_recbole
    from recbole_opal.process.caller import importing

    require_recbole()
    with importing():
        return getattr(import_module(_HOMES[name]), name)
