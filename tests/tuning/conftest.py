from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass(frozen=True)
class FakeVariant:
    """What `tune` asks of a variant, and nothing more."""

    model: str = "OPAL"
    label: str = "OPAL"
    settings: dict[str, Any] = field(default_factory=dict)
    digest: str = "data and protocol"


@pytest.fixture
def variant():
    """Return a function that makes a variant."""
    return FakeVariant
