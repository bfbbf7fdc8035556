import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import SettingsError
from recbole_opal.side_by_side.variants import Variant, parse_variants


def test_a_list_of_models():
    assert parse_variants("OPAL, MIND") == [Variant("OPAL"), Variant("MIND")]


def test_settings_behind_at_are_typed():
    (variant,) = parse_variants("OPAL@num_interests=8@recipe=published@learning_rate=1e-3")
    assert variant.model == "OPAL"
    assert variant.settings == {"num_interests": 8, "recipe": "published", "learning_rate": 0.001}
    assert variant.label == "OPAL num_interests=8 recipe=published learning_rate=0.001"


def test_commas_and_at_inside_brackets_and_quotes_belong_to_the_value():
    first, second = parse_variants("OPAL@stages=[soft,hard],MIND@clip_grad_norm={'a@b': 1, 'c': 2}")
    assert first.settings == {"stages": ["soft", "hard"]}
    assert second.settings == {"clip_grad_norm": {"a@b": 1, "c": 2}}


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("OPAL,,MIND", "not a model"),
        ("", "not a model"),
        ("OPAL MIND", "not a model"),
        ("@num_interests=3", "not a model"),
        ("OPAL@", "name=value"),
        ("OPAL@num_interests", "name=value"),
        ("OPAL@num_interests=", "name=value"),
        ("OPAL@8=num", "name=value"),
        ("OPAL@a=1@a=2", "gives a twice"),
        ("OPAL,MIND,OPAL", "names OPAL twice"),
        ("OPAL@a=1,OPAL@a=1", "twice; keep one"),
    ],
)
def test_what_is_not_a_list_of_variants_is_told(text, fix):
    with pytest.raises(SettingsError, match=fix):
        parse_variants(text)


def test_the_same_model_may_stand_there_with_other_settings():
    assert len(parse_variants("OPAL,OPAL@num_interests=8,OPAL@num_interests=2")) == 3


names = st.sampled_from(["num_interests", "learning_rate", "stages", "recipe"])
values = st.one_of(
    st.integers(-5, 5),
    st.floats(0.001, 10).map(lambda value: round(value, 4)),
    st.sampled_from(["soft", "published"]),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.booleans(),
)
variants = st.builds(
    Variant, st.sampled_from(["OPAL", "MIND", "SASRec"]), st.dictionaries(names, values)
)


def what_it_says(variant):
    """Return what two variants share that are one: 2 and 2.0 are the same setting."""
    settings = variant.settings.items()
    return variant.model, frozenset(
        (name, tuple(value) if isinstance(value, list) else value) for name, value in settings
    )


@given(st.lists(variants, min_size=1, max_size=4, unique_by=what_it_says))
def test_what_is_written_is_read_back(written):
    read = parse_variants(",".join(variant.text for variant in written))
    assert [each.text for each in read] == [each.text for each in written]
    assert [each.settings for each in read] == [each.settings for each in written]
