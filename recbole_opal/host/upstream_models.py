"""The models of RecBole's that run here, by name: trained, resumed and judged by our tests.

RecBole has more; its others need labels, features, knowledge graphs, trainers of their own, or have
never been tried here, and are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from recbole_opal.errors import SettingsError
from recbole_opal.host.flaws import quiet_autograd
from recbole_opal.host.install import recbole_folder
from recbole_opal.own_models import class_at, is_address
from recbole_opal.settings.properties import own_model_names
from recbole_opal.suggest import did_you_mean

__all__ = [
    "UPSTREAM",
    "TrainedOn",
    "Upstream",
    "computed_at_once",
    "find_model_class",
    "known_upstream",
    "supported_models",
    "trained_on",
    "unknown_model",
    "why_not_for_unmet_users",
]

TrainedOn = Literal["histories", "interactions", "pairs", "points", "users"]


@dataclass(frozen=True)
class Upstream:
    """What is known of one of RecBole's models.

    Attributes:
        trained_on: "histories" (sequential models); "interactions", positives only (nothing is
            learnt by gradients: one pass is all they need); "pairs" and "points", positives with
            sampled negatives, side by side or as labelled rows; "users", their ids (autoencoders).
        learns_users: whether it learns numbers of each user, so that it has nothing to say of a
            user whom training has not met.
        attends: whether it holds a number for each pair of places of a history.
        mended: whether `recbole_opal.host.mended` holds a mended class of this name.
    """

    trained_on: TrainedOn = "histories"
    learns_users: bool = False
    attends: bool = False
    mended: bool = False


UPSTREAM: Mapping[str, Upstream] = {
    "BPR": Upstream("pairs", learns_users=True),
    "CORE": Upstream(attends=True),
    "Caser": Upstream(learns_users=True),
    "EASE": Upstream("interactions"),
    "FPMC": Upstream(learns_users=True),
    "GCSAN": Upstream(attends=True),
    "GRU4Rec": Upstream(),
    "HGN": Upstream(learns_users=True),
    "ItemKNN": Upstream("interactions", mended=True),
    "LightGCN": Upstream("pairs", learns_users=True),
    "LightSANs": Upstream(),
    "MacridVAE": Upstream("users"),
    "MultiVAE": Upstream("users"),
    "NARM": Upstream(),
    "NextItNet": Upstream(),
    "Pop": Upstream("interactions", mended=True),
    "SASRec": Upstream(attends=True),
    "SINE": Upstream(),
    "SRGNN": Upstream(),
    "STAMP": Upstream(),
    "TransRec": Upstream(learns_users=True),
}


def supported_models() -> list[str]:
    """Return what `--model` takes: our models, then RecBole's."""
    return [*own_model_names(), *UPSTREAM]


def find_model_class(name: str) -> type[Any]:
    """Return the class of a model: of ours and RecBole's by its name in any case, or at an address.

    Raises:
        SettingsError: there is no such model, or it cannot run here.
    """
    canonical = {known.lower(): known for known in supported_models()}.get(name.lower())
    if canonical is None and not is_address(name):
        raise unknown_model(name)
    from recbole_opal.host.recommender import as_recommender  # here: it loads torch and RecBole
    from recbole_opal.models import MODELS

    if canonical is None:
        found = as_recommender(class_at(name))
    elif canonical in MODELS:
        found = as_recommender(MODELS[canonical])
    elif UPSTREAM[canonical].mended:
        found = getattr(import_module("recbole_opal.host.mended"), canonical)
    else:
        from recbole.utils import get_model

        found = get_model(canonical)
    quiet_autograd()  # a user's file may have imported RecBole's models too
    return found


def unknown_model(name: str) -> SettingsError:
    """Return the error that tells a model of RecBole's that nobody has tried here from a slip."""
    folder = recbole_folder() / "properties" / "model"
    files = {path.stem.lower(): path.stem for path in folder.glob("*.yaml")}
    if name.lower() in files:
        return SettingsError(
            f"--model={files[name.lower()]} cannot run here: of RecBole's models these are tested: "
            f"{', '.join(UPSTREAM)}; try --model=SASRec."
        )
    known = supported_models()
    hint = did_you_mean(name, known, "--model=") or f"; choose one of {', '.join(known)}."
    return SettingsError(f"--model={name} is not a model{hint}")


def known_upstream(model_class: type[Any]) -> Upstream | None:
    """Return what is known of a class, or of the nearest ancestor of one of the user's."""
    names = (ancestor.__name__ for ancestor in model_class.__mro__)
    return next((UPSTREAM[name] for name in names if name in UPSTREAM), None)


def trained_on(model_class: type[Any]) -> TrainedOn:
    """Return what a model is trained on, see `Upstream`; an unknown general one as RecBole says."""
    kind = getattr(getattr(model_class, "type", None), "name", "SEQUENTIAL")
    known = known_upstream(model_class)
    if known is not None and (known.trained_on == "histories") == (kind == "SEQUENTIAL"):
        return known.trained_on
    if kind == "TRADITIONAL":
        return "interactions"
    if kind == "GENERAL":
        return "pairs" if model_class.input_type.name == "PAIRWISE" else "points"
    return "histories"


def computed_at_once(model_class: type[Any]) -> bool:
    """Tell whether one pass over the data is all a model needs, as RecBole trains them too."""
    return trained_on(model_class) == "interactions"


def why_not_for_unmet_users(model_class: type[Any], settings: Mapping[str, Any]) -> str | None:
    """Return why a model has nothing to say of a user it was not trained on, None if it has.

    General models that are not known are taken to learn numbers of each user, sequential ones not.
    """
    if settings.get("knn_method") == "user":
        return "it looks for neighbours of the users it was trained on (write --knn_method=item)"
    known = known_upstream(model_class)
    learns = trained_on(model_class) in ("pairs", "points") if known is None else known.learns_users
    return "it learns numbers of each user in training" if learns else None
