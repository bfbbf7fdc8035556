"""The settings of each kind of search: defaults, ranges, and one line for what is wrong."""

from typing import get_args

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.retrieval.index_settings import (
    APPROXIMATE_KINDS,
    EXACT_KINDS,
    KINDS,
    index_settings,
)
from recbole_opal.settings.schema import EvaluationSettings


def test_the_setting_retrieval_offers_every_kind() -> None:
    assert get_args(EvaluationSettings.model_fields["retrieval"].annotation) == KINDS


def test_exact_kinds_have_no_settings() -> None:
    for kind in EXACT_KINDS:
        assert index_settings(kind, None) is None
        assert index_settings(kind, {}) is None
        with pytest.raises(SettingsError, match="has no settings; leave it away"):
            index_settings(kind, {"nprobe": 3})


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_defaults_are_valid_and_what_may_change_exists(kind: str) -> None:
    settings = index_settings(kind, None)
    assert settings is not None
    assert index_settings(kind, settings.model_dump()) == settings
    assert set(type(settings).model_fields) >= settings.SEARCHING
    assert all(field.description for field in type(settings).model_fields.values())


def test_an_unknown_kind_or_name_is_told_with_what_is_near() -> None:
    with pytest.raises(SettingsError, match="did you mean --retrieval=hnsw"):
        index_settings("hnws", None)
    with pytest.raises(SettingsError, match="nprob is no setting of ivf-flat; did you mean nprobe"):
        index_settings("ivf-flat", {"nprob": 3})
    with pytest.raises(SettingsError, match="nprobe is no setting of hnsw; choose from refine"):
        index_settings("hnsw", {"nprobe": 3})
    with pytest.raises(SettingsError, match="3 is no setting of"):
        index_settings("hnsw", {3: 3})


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("ivf-flat", "nprobe", 0),
        ("ivf-flat", "nprobe", "32"),
        ("ivf-flat", "nprobe", True),
        ("ivf-flat", "nprobe", None),
        ("ivf-flat", "nlist", 0),
        ("ivf-flat", "nlist", 2.0),
        ("ivf-flat", "seed", -1),
        ("ivf-flat", "sample", 38),
        ("ivf-pq", "bits", 9),
        ("ivf-pq", "subvectors", 0),
        ("ivf-pq", "rescore", 1),
        ("ivf-pq", "refine", 65),
        ("hnsw", "links", 1),
        ("hnsw", "ef_search", float("nan")),
        ("hnsw", "ef_construction", [80]),
        ("sq8", "rescore", "no"),
    ],
)
def test_a_value_that_is_wrong_is_told_with_an_example(kind: str, name: str, value: object) -> None:
    with pytest.raises(SettingsError) as refused:
        index_settings(kind, {name: value})
    text = str(refused.value)
    assert text.startswith(f"--retrieval_args: {name}={value!r} is not valid")
    assert f"for example --retrieval_args=\"{{'{name}': " in text
    assert "\n" not in text
