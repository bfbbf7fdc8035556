from pathlib import Path

import pytest


@pytest.fixture
def root():
    """The checkout."""
    return Path(__file__).parents[2]
