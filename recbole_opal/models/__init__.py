"""The models of this library, found by listing this folder: a model is one file of it."""

from importlib import import_module
from pkgutil import iter_modules

from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue

__all__ = ["MODELS", "Catalogue", "MultiInterestNetwork"]

_NO_MODELS = {"rebuild", "shares", "write_yaml"}


def _find_networks() -> dict[str, type[MultiInterestNetwork]]:
    """Return the networks of this package by the name `--model` takes, OPAL first."""
    found: dict[str, type[MultiInterestNetwork]] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        if module.name.rpartition(".")[2] in _NO_MODELS:
            continue
        for name, value in vars(import_module(module.name)).items():
            here = getattr(value, "__module__", "") == module.name
            if here and isinstance(value, type) and issubclass(value, MultiInterestNetwork):
                found[name.removesuffix("Network")] = value
    del found["MultiInterest"]
    return dict(sorted(found.items(), key=lambda pair: (pair[0] != "OPAL", pair[0].lower())))


MODELS = _find_networks()
"""Name to network; a recommender of RecBole's is made of one by `host.recommender`."""
