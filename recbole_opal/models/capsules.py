"""What MIND and ComiRec-DR share: the settings of dynamic routing."""

from __future__ import annotations

from typing import Any

from recbole_opal.interests.capsules import RoutingRule

__all__ = ["routing_rule"]


def routing_rule(config: Any) -> RoutingRule:
    """Return how items are routed to interests.

    Args:
        config: the settings of the run.
    """
    return RoutingRule(
        iterations=config["routing_iterations"],
        softmax=config["routing_softmax"],
        gradient=config["routing_gradient"],
    )
