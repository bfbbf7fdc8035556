from pathlib import Path

import pytest


@pytest.fixture
def root():
    """The checkout."""
    return Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A verdict stands in one line, however wide the terminal of the tests is."""
    monkeypatch.setenv("COLUMNS", "250")
