"""The settings that several models share."""

from __future__ import annotations

from typing import Literal

from recbole_opal.interests.capsules import RoutingRule
from recbole_opal.settings.model_schemas import MultiInterestSettings, setting

__all__ = ["CapsuleSettings", "SelfAttentionSettings"]


class SelfAttentionSettings(MultiInterestSettings):
    """The settings of models with self-attentive interests."""

    num_interests: int = setting(4, "number K of interests a user [P]", ge=1, le=64)
    attention_size: int = setting(
        256,
        "hidden width of the attention, four times the default hidden_size, as in ComiRec [P]",
        ge=1,
        le=65536,
    )


class CapsuleSettings(MultiInterestSettings):
    """The settings of models whose interests are capsules, by dynamic routing."""

    num_interests: int = setting(4, "number K of interests a user [P]", ge=1, le=64)
    routing_iterations: int = setting(3, "iterations of the routing [P]", ge=1, le=20)
    routing_softmax: Literal["interests", "positions"] = setting(
        "interests",
        "what an item's coupling sums to 1 over; positions = what many PyTorch ports compute [P]",
    )
    routing_gradient: Literal["last", "all"] = setting(
        "last", "iterations of the routing through which gradients flow [A]"
    )

    @property
    def rule(self) -> RoutingRule:
        """How items are routed to interests."""
        return RoutingRule(self.routing_iterations, self.routing_softmax, self.routing_gradient)
