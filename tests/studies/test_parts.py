import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.host.yaml_settings import default_settings
from recbole_opal.settings.commandline import ComparisonOptions
from recbole_opal.settings.fields import check_section
from recbole_opal.settings.schema import SHARED_FIELDS
from recbole_opal.studies.grids import grids
from recbole_opal.studies.registry import STUDIES


def texts(name, *, seeds=(), settings=None, **flags):
    study = STUDIES[name]
    options = study.Options.model_validate(check_section(study.Options, flags))
    parts = study.parts(options, seeds, settings or {})
    return {part.name: [variant.text for variant in part.variants] for part in parts}


def test_losses_are_switched_off_one_by_one_and_all():
    assert texts("losses")["main"] == [
        "OPAL@unique_weight=1",
        "OPAL@orthogonality_weight=0@unique_weight=1",
        "OPAL@uniformity_weight=0@unique_weight=1",
        "OPAL@unique_weight=0",
        "OPAL@orthogonality_weight=0@uniformity_weight=0@unique_weight=0",
    ]
    assert len(texts("losses", without="unique")["main"]) == 2


def test_windows_are_put_in_order():
    assert texts("future-items", windows=[20, 1])["main"] == [
        "OPAL@future_window=1",
        "OPAL@future_window=20",
    ]


def test_every_model_gets_every_k_and_the_control_is_last():
    rows = texts("number-of-interests", interests=[1, 4], models="OPAL,MIND@recipe=published")
    assert rows["main"] == [
        "OPAL@num_interests=1",
        "OPAL@num_interests=4",
        "MIND@recipe=published@num_interests=1",
        "MIND@recipe=published@num_interests=4",
        "YouTubeDNN",
    ]
    assert "YouTubeDNN" not in texts("number-of-interests", control=False)["main"]


def test_the_grids_are_products():
    found = texts("sensitivity")
    assert [len(rows) for rows in found.values()] == [20, 16, 4, 1]
    assert [len(rows) for rows in texts("sensitivity", grid="small").values()] == [6, 4, 2, 1]
    assert len(texts("sensitivity", grid="small", interests=[2])["interests-temperature"]) == 3


def test_seeds_of_all_rows_make_the_noise_part_needless():
    assert "noise" in texts("sensitivity", seeds=(1, 2))
    assert "noise" not in texts("sensitivity", seeds=(1, 2, 3))


@pytest.mark.parametrize("changed", [{}, {"temperature": 0.12, "num_interests": 3}])
def test_the_default_settings_have_a_cell_whatever_they_are(monkeypatch, changed):
    defaults = default_settings("OPAL") | changed
    monkeypatch.setattr("recbole_opal.studies.grids._defaults", lambda: defaults)
    for grid in grids(STUDIES["sensitivity"].Options()):
        cell = grid.variant(*grid.centre).settings
        assert cell == {name: defaults[name] for name in grid.settings}


def test_lists_that_are_given_may_leave_the_defaults_out():
    interests, _ = grids(STUDIES["sensitivity"].Options(interests=[2]))
    assert interests.centre is None


@pytest.mark.parametrize(
    ("name", "flags", "told"),
    [
        ("losses", {"without": "unity"}, "--without=unity is no loss of OPAL; choose from"),
        ("future-items", {"windows": [1, 1]}, "names each number once"),
        ("future-items", {"windows": [0]}, "write whole numbers from 1"),
        ("future-items", {"windows": "x"}, "a list of integers"),
        ("sensitivity", {"temperatures": [-1]}, "a list of numbers from 0"),
        ("sensitivity", {"temperatures": True}, "a list of numbers from 0"),
        ("sensitivity", {"grid": "tiny"}, "full | small"),
        ("number-of-interests", {"interests": [1, 65]}, "more than the vectors have dimensions"),
        ("number-of-interests", {"models": "OPAL,,"}, "is not a model"),
        ("sensitivity", {"interests": [128]}, "more than the vectors have dimensions"),
    ],
)
def test_what_cannot_be_is_told_with_the_fix(name, flags, told):
    with pytest.raises(SettingsError) as error:
        texts(name, **flags)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_width_given_for_all_rows_bounds_k():
    assert texts("number-of-interests", interests=[8], settings={"hidden_size": 8})
    with pytest.raises(SettingsError, match=r"--interests=8 .* \(4\)"):
        texts("number-of-interests", interests=[8], settings={"hidden_size": 4})


@pytest.mark.parametrize("name", STUDIES)
def test_no_flag_of_a_study_is_a_setting(name):
    study = STUDIES[name]
    taken = {*SHARED_FIELDS, *ComparisonOptions.model_fields, "model", "dataset", "out", "resume"}
    taken |= {"config_files", *study.varied}
    assert not taken & set(study.Options.model_fields)
    assert set(study.varied.values()) <= set(study.Options.model_fields)
    assert study.question.endswith("?")
