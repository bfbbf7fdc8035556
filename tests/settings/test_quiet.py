"""Only the warnings that RecBole provokes are hidden."""

import warnings

import pytest

from recbole_opal.host import quiet_deprecations


def warn_from(module):
    warnings.warn_explicit("old", FutureWarning, "file.py", 1, module=module, registry={})


def test_recbole_is_quiet_and_others_are_heard():
    with warnings.catch_warnings(record=True) as heard, quiet_deprecations():
        warnings.simplefilter("always", append=True)
        warn_from("recbole.data.dataset.dataset")
        assert heard == []
        warn_from("somebody.else")
    assert len(heard) == 1


def test_the_filter_ends_with_the_block():
    with quiet_deprecations():
        pass
    with pytest.warns(FutureWarning, match="old"):
        warn_from("recbole.trainer")
