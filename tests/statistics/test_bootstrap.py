"""Bootstrap means."""

import numpy as np
import pytest

from recbole_opal.statistics import paired
from recbole_opal.statistics.paired import bootstrap_means


def test_equals_a_loop_over_the_same_draws(monkeypatch):
    monkeypatch.setattr(paired, "_CHUNK_COUNTS", 25)  # several chunks, the last one short
    values = np.random.default_rng(1).normal(size=(9, 3))
    found = bootstrap_means(values, 11, np.random.default_rng(2))
    generator = np.random.default_rng(2)
    for row in found:
        drawn = generator.integers(0, 9, 9, dtype=np.int32)
        np.testing.assert_allclose(row, values[drawn].mean(axis=0), atol=1e-14)


def test_spread_is_the_standard_error():
    values = np.random.default_rng(0).exponential(size=(400, 2))
    found = bootstrap_means(values, 4000, np.random.default_rng(0))
    expected = values.std(axis=0) / np.sqrt(400)
    assert found.std(axis=0) == pytest.approx(expected, rel=0.05)
    assert found.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=0.01)
