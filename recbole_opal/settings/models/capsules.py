"""The settings of models that route items to capsules."""

from typing import Literal

from recbole_opal.settings.model_schemas import WeighingSettings, setting

__all__ = ["CapsuleSettings"]


class CapsuleSettings(WeighingSettings):
    """The settings of models that route items to capsules; the defaults are the papers'.

    A softmax over interests is that of the capsule paper and of the authors' code of MIND and
    ComiRec: each item shares itself out. Gradients flow through the last iteration alone there.
    """

    num_interests: int = setting(4, "number K of interests a user [P]", ge=1, le=64)
    routing_iterations: int = setting(3, "iterations of the routing [P]", ge=1, le=20)
    routing_softmax: Literal["interests", "positions"] = setting(
        "interests",
        "what an item's coupling sums to 1 over; positions = what many PyTorch ports compute [P]",
    )
    routing_gradient: Literal["last", "all"] = setting(
        "last", "iterations of the routing through which gradients flow [A]"
    )
