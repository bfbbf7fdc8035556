"""The one place that meets RecBole 1.2.1's flaws: installation, numpy 2, lookup, anomaly mode."""

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.own_models import class_at, is_address
from recbole_opal.process.aliases import set_numpy_aliases, set_scipy_names
from recbole_opal.suggest import did_you_mean

__all__ = [
    "MissingRecBoleError",
    "find_model_class",
    "quiet_autograd",
    "quiet_deprecations",
    "recbole_folder",
    "require_recbole",
    "set_numpy_aliases",
    "set_scipy_names",
    "supported_models",
]

RECBOLE_VERSION = "1.2.1"

_NEEDS_LABELS = "it learns from labelled clicks, and only who met what, and when, is read here"
_NEEDS_FEATURES = "it reads item features, and only who met what, and when, is read here"
_NEEDS_KNOWLEDGE = "it needs a knowledge graph with pretrained vectors"
_NEEDS_TRANSFORM = "it needs RecBole's batch transforms, which are not run here"
_RANDOM_SCORES = (
    "it adds random numbers to its scores whenever it is asked, so that the same weights do not "
    "give the same lists twice"
)
# Models of the two kinds that run here, but for these.
_UNSUPPORTED = {
    "ADMMSLIM": _RANDOM_SCORES,
    "BERT4Rec": _NEEDS_TRANSFORM,
    "DIEN": _NEEDS_LABELS,
    "DIN": _NEEDS_LABELS,
    "FDSA": _NEEDS_FEATURES,
    "FEARec": "it searches RecBole's augmented copy of the data, which is never made here",
    "GRU4RecF": _NEEDS_FEATURES,
    "GRU4RecKG": _NEEDS_KNOWLEDGE,
    "KSR": _NEEDS_KNOWLEDGE,
    "NCL": "between epochs it clusters its vectors by Faiss on a GPU, in a trainer of its own",
    "RaCT": "it is three runs of RecBole's, each reading the pickled checkpoint of the one before",
    "Random": _RANDOM_SCORES,
    "RecVAE": "it is trained by two optimisers in turn, in a trainer of its own",
    "S3Rec": "it needs its own pre-training with item attributes",
    "SASRecF": _NEEDS_FEATURES,
    "SHAN": _NEEDS_TRANSFORM,
}
# The kinds of models that do not run here, by RecBole's folder.
_UNSUPPORTED_KINDS = {
    "context_aware_recommender": "it is context-aware: it predicts labelled clicks from features "
    "of users and items, and the others here know nothing but who met what, and when",
    "exlib_recommender": "it is a decision tree that predicts labelled clicks from features of "
    "users and items, and the others here know nothing but who met what, and when",
    "knowledge_aware_recommender": "it is knowledge-aware: it needs a knowledge graph of the "
    "items, and the others here know nothing but who met what, and when",
}
# RecBole's models that are mended here, with the module that does it.
_MENDED = {
    "DGCF": "recbole_opal.models.dgcf",
    "GRU4RecCPR": "recbole_opal.models.cpr",
    "ItemKNN": "recbole_opal.models.itemknn",
    "Pop": "recbole_opal.models.pop",
    "SASRecCPR": "recbole_opal.models.cpr",
}


class MissingRecBoleError(OpalError, ImportError):
    """RecBole is not installed, or in a version with other internals."""


def require_recbole() -> None:
    """Check that RecBole 1.2.1 is installed, without importing it.

    Raises:
        MissingRecBoleError: it is not; the message holds the command that installs it on this
            Python.
    """
    try:
        found = version("recbole")
    except PackageNotFoundError:
        found = None
    if found == RECBOLE_VERSION:
        return
    problem = (
        "recbole is not installed"
        if found is None
        else f"recbole {found} is installed, not {RECBOLE_VERSION}"
    )
    raise MissingRecBoleError(f"{problem}; {_install_hint(sys.version_info[:2])}")


def _install_hint(python: tuple[int, int]) -> str:
    if python >= (3, 12):
        return (
            f"install with `pip install --no-deps recbole=={RECBOLE_VERSION}` "
            "(its ray pin has no wheel for Python 3.12 and later, and nothing here needs ray)."
        )
    return f"install with `pip install recbole=={RECBOLE_VERSION}`."


def quiet_autograd() -> None:
    """Switch autograd's anomaly mode off.

    RecBole's `sine.py` switches it on for the whole process when any sequential model is imported,
    which makes training 1.9 to 3 times slower.
    """
    import torch  # here, not above: a mistyped flag is refused without waiting for torch

    torch.autograd.set_detect_anomaly(False)


@contextmanager
def quiet_deprecations() -> Iterator[None]:
    """Hide, while the block runs, the warnings of pandas and torch that RecBole provokes.

    They speak of RecBole's own lines (chained `fillna`, `amp.GradScaler`, `torch.sparse`);
    whoever runs a model can do nothing about them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"recbole\.")
        for start in ("torch.sparse.SparseTensor", "Creating a tensor from a list of numpy"):
            warnings.filterwarnings("ignore", start, category=UserWarning, module=r"recbole\.")
        yield


def recbole_folder() -> Path:
    """Return the folder of the installed RecBole."""
    require_recbole()
    spec = importlib.util.find_spec("recbole")
    if spec is None or not spec.submodule_search_locations:
        raise MissingRecBoleError(
            f"recbole cannot be imported; {_install_hint(sys.version_info[:2])}"
        )
    return Path(spec.submodule_search_locations[0])


def supported_models() -> list[str]:
    """Return what `--model` takes: our models, then RecBole's sequential and general ones.

    General models know users and items but no order; they are trained on the same interactions and
    judged on the same targets.
    """
    from recbole_opal.models import MODELS

    upstream = _names_in("sequential_recommender") | _names_in("general_recommender")
    return [*MODELS, *sorted(upstream - set(MODELS) - set(_UNSUPPORTED))]


def find_model_class(name: str) -> type[Any]:
    """Return the class of a model, ours or RecBole's; the class's own name is the canonical one.

    Args:
        name: the model's name, whose upper and lower case are not told apart, or the place of a
            class of the user's, `package.module:Class` or `file.py:Class`.

    Raises:
        SettingsError: there is no such model, or it cannot run here.
    """
    from recbole_opal.host.recommender import as_recommender
    from recbole_opal.models import MODELS

    if is_address(name):
        found = as_recommender(class_at(name))
        quiet_autograd()  # the file may import RecBole's models
        return found
    own = {candidate.lower(): model_class for candidate, model_class in MODELS.items()}
    if name.lower() in own:
        model_class: type[Any] = as_recommender(own[name.lower()])
    else:
        model_class = _find_in_recbole(name)
    quiet_autograd()
    return model_class


def _find_in_recbole(name: str) -> type[Any]:
    known = _every_name() | set(_UNSUPPORTED)
    canonical = {candidate.lower(): candidate for candidate in known}.get(name.lower())
    if canonical is None:
        known_here = supported_models()
        hint = did_you_mean(name, known_here, "--model=")
        hint = hint or f"; choose one of {', '.join(known_here)}."
        raise SettingsError(f"--model={name} is not a model{hint}")
    reason = _UNSUPPORTED.get(canonical) or next(
        (why for folder, why in _UNSUPPORTED_KINDS.items() if canonical in _names_in(folder)), None
    )
    if reason:
        raise SettingsError(f"--model={canonical} cannot run here: {reason}; try --model=SASRec.")
    set_scipy_names()
    if canonical in _MENDED:
        mended: type[Any] = getattr(import_module(_MENDED[canonical]), canonical)
        return mended
    from recbole.utils import get_model

    model_class: type[Any] = get_model(canonical)
    return model_class


def _every_name() -> set[str]:
    """Return the class names of all RecBole models: its yaml files are named after them."""
    return {path.stem for path in (recbole_folder() / "properties" / "model").glob("*.yaml")}


def _names_in(folder: str) -> set[str]:
    """Return the models of one of RecBole's folders, from a listing: importing one imports all."""
    modules = {path.stem for path in (recbole_folder() / "model" / folder).glob("*.py")}
    return {name for name in _every_name() if name.lower() in modules}
