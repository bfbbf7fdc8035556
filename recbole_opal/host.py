"""The one place that meets RecBole 1.2.1's flaws: installation, numpy 2, lookup, anomaly mode."""

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.suggest import did_you_mean

__all__ = [
    "MissingRecBoleError",
    "find_model_class",
    "quiet_autograd",
    "quiet_deprecations",
    "recbole_folder",
    "require_recbole",
    "set_numpy_aliases",
    "supported_models",
]

RECBOLE_VERSION = "1.2.1"

# Names that RecBole writes and that numpy 1.24 and 2.0 took away; numpy 2 brought back `bool` and
# `long`.
_NUMPY_ALIASES = {
    "bool": np.bool_,
    "complex": np.complex128,
    "float": np.float64,
    "int": np.int_,
    "long": np.int_,
    "object": np.object_,
    "str": np.str_,
    "unicode": np.str_,
}

_NEEDS_LABELS = "it learns from labelled clicks, and only item sequences are read here"
_NEEDS_FEATURES = "it reads item features, and only item sequences are read here"
_NEEDS_KNOWLEDGE = "it needs a knowledge graph with pretrained vectors"
_NEEDS_TRANSFORM = "it needs RecBole's batch transforms, which are not run here"
_UNSUPPORTED = {
    "BERT4Rec": _NEEDS_TRANSFORM,
    "DIEN": _NEEDS_LABELS,
    "DIN": _NEEDS_LABELS,
    "FDSA": _NEEDS_FEATURES,
    "FEARec": "it searches RecBole's augmented copy of the data, which is never made here",
    "GRU4RecF": _NEEDS_FEATURES,
    "GRU4RecKG": _NEEDS_KNOWLEDGE,
    "KSR": _NEEDS_KNOWLEDGE,
    "S3Rec": "it needs its own pre-training with item attributes",
    "SASRecF": _NEEDS_FEATURES,
    "SHAN": _NEEDS_TRANSFORM,
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


def set_numpy_aliases() -> None:
    """Give numpy back the names that RecBole still writes; only those that are missing.

    RecBole's own version of this fails on numpy 2 (`np.float_` is gone) and overwrites `np.bool`
    and `np.long`.
    """
    for name, scalar_type in _NUMPY_ALIASES.items():
        # The class's dictionary is asked, since getattr of a removed name warns or raises, by
        # numpy's version.
        if name not in vars(np):
            setattr(np, name, scalar_type)


def quiet_autograd() -> None:
    """Switch autograd's anomaly mode off.

    RecBole's `sine.py` switches it on for the whole process when any sequential model is imported,
    which makes training 1.9 to 3 times slower.
    """
    import torch  # here, not above: a mistyped flag is refused without waiting for torch

    torch.autograd.set_detect_anomaly(False)


@contextmanager
def quiet_deprecations() -> Iterator[None]:
    """Hide, while the block runs, the FutureWarnings of pandas and torch that RecBole provokes.

    They speak of RecBole's own lines (chained `fillna`, `Series.agg(len)`, `amp.GradScaler`);
    whoever runs a model can do nothing about them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"recbole\.")
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
    """Return what `--model` takes: our models, then RecBole's that need only item sequences."""
    from recbole_opal.models import MODELS

    return [*MODELS, *sorted(_sequential_names() - set(MODELS) - set(_UNSUPPORTED))]


def find_model_class(name: str) -> type[Any]:
    """Return the class of a model, ours or RecBole's; the class's own name is the canonical one.

    Args:
        name: the model's name; upper and lower case are not told apart.

    Raises:
        SettingsError: there is no such model, or it cannot run here.
    """
    from recbole_opal.models import MODELS

    own = {candidate.lower(): model_class for candidate, model_class in MODELS.items()}
    if name.lower() in own:
        model_class: type[Any] = own[name.lower()]
    else:
        model_class = _find_in_recbole(name)
    quiet_autograd()
    return model_class


def _find_in_recbole(name: str) -> type[Any]:
    canonical = {candidate.lower(): candidate for candidate in _every_name()}.get(name.lower())
    if canonical is None:
        known = supported_models()
        hint = did_you_mean(name, known, "--model=") or f"; choose one of {', '.join(known)}."
        raise SettingsError(f"--model={name} is not a model{hint}")
    if canonical in _UNSUPPORTED:
        raise SettingsError(
            f"--model={canonical} cannot run here: {_UNSUPPORTED[canonical]}; try --model=SASRec."
        )
    if canonical not in _sequential_names():
        raise SettingsError(
            f"--model={canonical} is not a sequential model, and only those are supported; try "
            "--model=SASRec."
        )
    from recbole.utils import get_model

    model_class: type[Any] = get_model(canonical)
    return model_class


def _every_name() -> set[str]:
    """Return the class names of all RecBole models: its yaml files are named after them."""
    return {path.stem for path in (recbole_folder() / "properties" / "model").glob("*.yaml")}


def _sequential_names() -> set[str]:
    """Return RecBole's sequential models, from a listing: importing one imports them all."""
    folder = recbole_folder() / "model" / "sequential_recommender"
    modules = {path.stem for path in folder.glob("*.py")}
    return {name for name in _every_name() if name.lower() in modules}
