import pytest

from recbole_opal.tuning import TunableVariant


@pytest.fixture
def variant():
    """Return a function that makes a variant."""

    def make(model="OPAL", label="OPAL", settings=None, digest="data and protocol"):
        return TunableVariant(model, label, settings or {}, digest)

    return make
