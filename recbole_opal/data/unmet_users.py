"""Which models can serve users that training has never met, told from the model's class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole.model.abstract_recommender import AutoEncoderMixin

from recbole_opal.data.kinds import general_batches

__all__ = ["why_not_for_unmet_users"]

_SERVE_FROM_ITEMS = {"Pop", "ItemKNN", "EASE", "SLIMElastic", "FISM", "NAIS", "DMF"}
"""General models whose lists come from the user's items alone, or from none: `known_history` gives
them the items. FISM's bias of a user is the same for all items, so it changes no list."""

_LEARN_USERS = {"CDAE", "Caser", "FOSSIL", "FPMC", "HGN", "HRM", "NPE", "SHAN", "TransRec"}
"""Autoencoders and sequential models with learnt numbers of each user."""


def why_not_for_unmet_users(model_class: type[Any], settings: Mapping[str, Any]) -> str | None:
    """Return why a model has nothing to say of a user it was not trained on, None if it has.

    General models are taken to learn a vector of each user unless they are known not to; sequential
    models the other way round.

    Args:
        model_class: the class of the model.
        settings: its settings.
    """
    names = {ancestor.__name__ for ancestor in model_class.__mro__}
    if "ItemKNN" in names and settings.get("knn_method") == "user":
        return "it looks for neighbours of the users it was trained on (write --knn_method=item)"
    if names & _LEARN_USERS:
        return "it learns numbers of each user in training"
    if general_batches(model_class) is None or issubclass(model_class, AutoEncoderMixin):
        return None
    if names & _SERVE_FROM_ITEMS:
        return None
    return "it learns numbers of each user in training, or scores its users when it is built"
