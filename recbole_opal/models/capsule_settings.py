"""What MIND and ComiRec-DR share: the settings of dynamic routing."""

from __future__ import annotations

from typing import Literal

from recbole_opal.interests.capsules import RoutingRule
from recbole_opal.settings.model_schemas import MultiInterestSettings, setting

__all__ = ["CapsuleSettings", "routing_rule"]


class CapsuleSettings(MultiInterestSettings):
    """The settings of models whose interests are capsules."""

    num_interests: int = setting(4, "P", "number K of interests a user", ge=1, le=64)
    routing_iterations: int = setting(3, "P", "iterations of the routing", ge=1, le=20)
    routing_softmax: Literal["interests", "positions"] = setting(
        "interests",
        "P",
        "what an item's coupling sums to 1 over; positions = what many PyTorch ports compute",
    )
    routing_gradient: Literal["last", "all"] = setting(
        "last", "A", "iterations of the routing through which gradients flow"
    )


def routing_rule(settings: CapsuleSettings) -> RoutingRule:
    """Return how items are routed to interests."""
    return RoutingRule(
        iterations=settings.routing_iterations,
        softmax=settings.routing_softmax,
        gradient=settings.routing_gradient,
    )
