"""Multi-interest candidate retrieval inside RecBole.

The public names are imported when they are first used, so that a mistyped flag is refused before
torch and RecBole are loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recbole_opal.errors import OpalError
from recbole_opal.version import __version__ as __version__

if TYPE_CHECKING:
    from recbole_opal.comparison.result import ComparisonResult
    from recbole_opal.conversion.frames import convert
    from recbole_opal.evaluation.judged import Judged
    from recbole_opal.evaluation.metric import Metric
    from recbole_opal.experiment import RunResult, resume, run
    from recbole_opal.host.config import OpalConfig
    from recbole_opal.host.dataset import FutureItemDataset
    from recbole_opal.host.recommender import OPAL, MultiInterestRecommender
    from recbole_opal.host.trainer import TwoStageTrainer
    from recbole_opal.models.base import MultiInterestNetwork
    from recbole_opal.serving import Explanation, Lists, Recommender, load
    from recbole_opal.settings.fields import Section
    from recbole_opal.settings.model_schemas import MultiInterestSettings
    from recbole_opal.side_by_side.compare import compare

__all__ = [
    "OPAL",
    "ComparisonResult",
    "Explanation",
    "FutureItemDataset",
    "Judged",
    "Lists",
    "Metric",
    "MultiInterestNetwork",
    "MultiInterestRecommender",
    "MultiInterestSettings",
    "OpalConfig",
    "OpalError",
    "Recommender",
    "RunResult",
    "Section",
    "TwoStageTrainer",
    "compare",
    "convert",
    "load",
    "resume",
    "run",
]


_NAMES = {
    "side_by_side.compare": ("compare",),
    "comparison.result": ("ComparisonResult",),
    "conversion.frames": ("convert",),
    "host.dataset": ("FutureItemDataset",),
    "evaluation.judged": ("Judged",),
    "evaluation.metric": ("Metric",),
    "experiment": ("RunResult", "resume", "run"),
    "host.config": ("OpalConfig",),
    "host.recommender": ("OPAL", "MultiInterestRecommender"),
    "models.base": ("MultiInterestNetwork",),
    "serving": ("Explanation", "Lists", "Recommender", "load"),
    "settings.fields": ("Section",),
    "settings.model_schemas": ("MultiInterestSettings",),
    "host.trainer": ("TwoStageTrainer",),
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}
# A trained model is served without RecBole, one of a user's own class among them.
_WITHOUT_RECBOLE = {
    f"{__name__}.{module}"
    for module in (
        *("conversion.frames", "models.base", "serving", "settings.fields"),
        "settings.model_schemas",
    )
}


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from recbole_opal.suggest import did_you_mean

        # Python itself asks for names such as `__path__`, of which none is a slip.
        hint = "" if name.startswith("_") else did_you_mean(name, __all__)
        raise AttributeError(f"module 'recbole_opal' has no attribute '{name}'{hint}")
    from recbole_opal.host import require_recbole
    from recbole_opal.process.caller import importing

    if _HOMES[name] not in _WITHOUT_RECBOLE:
        require_recbole()
    with importing():
        return getattr(import_module(_HOMES[name]), name)
