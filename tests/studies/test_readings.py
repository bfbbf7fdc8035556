"""Sentences follow the numbers: turned round, the numbers turn the sentences round."""

import pytest

from recbole_opal.comparison.row import Difference
from recbole_opal.studies.saying import difference_told, effects_told, verdict


def difference(value, *, marked=True):
    ends = (value - 0.01, value + 0.01) if marked else (-0.05, 0.05)
    return Difference(difference=value, low=ends[0], high=ends[1], marked=marked)


def test_more_is_better_or_worse_as_the_metric_has_it():
    up, down = difference(0.02), difference(-0.02)
    assert verdict(up, "recall@50") == verdict(down, "intra_list_similarity@50") == 1
    assert verdict(down, "recall@50") == verdict(up, "intra_list_similarity@50") == -1
    assert verdict(difference(0.02, marked=False), "recall@50") == 0


def test_a_difference_that_is_not_marked_says_that_nothing_can_be_told():
    assert "does not change measurably" in difference_told(difference(0.02, marked=False), "hit@5")
    told = difference_told(difference(-0.02), "recall@50")
    assert told == "Recall@50 falls by 0.0200 [−0.0300, −0.0100], which is worse"


def test_what_changed_comes_first():
    found = {"recall@50": difference(0.01, marked=False), "ndcg@50": difference(0.02)}
    told = effects_told(found, ["recall@50", "ndcg@50", "coverage@50"])
    assert told.startswith("NDCG@50 rises by 0.0200")
    assert told.endswith("no measurable change of Recall@50 (+0.0100 [−0.0500, +0.0500])")


@pytest.mark.parametrize(("effect", "word"), [(0.05, "rises"), (-0.05, "falls"), (0.0, "nothing")])
def test_losses(outcome_maker, effect, word):
    def value_of(variant, stage, metric):
        switched_off = "uniformity_weight" in variant.settings
        return 0.3 + effect * (switched_off and metric == "recall@50" and stage == "hard")

    study, outcome = outcome_maker("losses", value_of, without=["uniformity"])
    soft, hard = study.readings(outcome)
    assert soft.startswith("Without uniformity (soft): nothing changes; the loss has no part in")
    assert hard.startswith("Without uniformity (hard): ")
    assert (f"Recall@50 {word}" if effect else "nothing changes") in hard


@pytest.mark.parametrize(("slope", "best"), [(0.001, 20), (-0.001, 1)])
def test_future_items(outcome_maker, slope, best):
    def value_of(variant, stage, metric):
        return 0.3 + slope * variant.settings["future_window"]

    study, outcome = outcome_maker("future-items", value_of, windows=[1, 5, 20])
    said = study.readings(outcome)
    assert said[0].startswith(f"On validation W = {best} is best (soft)")
    assert ("Recall@50 rises by 0.0190" in said[0]) == (slope > 0)
    assert "at W = 1" in said[1]
    assert "at W = 20" in said[1]


@pytest.mark.parametrize(("slope", "best"), [(0.01, 4), (-0.01, 1)])
def test_number_of_interests(outcome_maker, slope, best):
    def value_of(variant, stage, metric):
        return 0.3 + slope * variant.settings.get("num_interests", 0)

    study, outcome = outcome_maker("number-of-interests", value_of, interests=[1, 4])
    said = study.readings(outcome)
    assert said[0].startswith(f"OPAL soft: validation chooses K = {best} (Recall@50 ")
    (control,) = [line for line in said if line.startswith("OPAL hard, K = ")]
    assert f"K = {best}, against one mean vector: Recall@50 " in control
    assert ("rises" if slope > 0 else "falls") in control


def landscape(variant, stage, metric):
    """The best temperature depends on K in the hard stage alone."""
    k, temperature = (
        variant.settings.get(n, d) for n, d in (("num_interests", 4), ("temperature", 0.12))
    )
    likes_warmth = k > 1 or stage == "soft"
    return 0.3 + 0.2 * temperature * (1 if likes_warmth else -1)


def test_sensitivity_says_whether_settings_act_on_each_other(outcome_maker):
    study, outcome = outcome_maker("sensitivity", landscape, seeds=(5,), grid="small")
    said = study.readings(outcome)
    assert (
        "K by temperature (soft): whatever K is, validation chooses the same temperature, 0.2."
        in said
    )
    wanted = "the temperature that validation chooses changes with K: 0.08 at 1 and 0.2 at 4."
    assert f"K by temperature (hard): {wanted}" in said


@pytest.mark.parametrize("size", [0.0, 0.2])
def test_sensitivity_holds_the_cells_against_the_noise_of_seeds(outcome_maker, size):
    def value_of(variant, stage, metric):
        return 0.3 + size * variant.settings.get("temperature", 0.12)  # by default

    study, outcome = outcome_maker("sensitivity", value_of, seeds=(5,), grid="small")
    near = 5 if size == 0 else 1  # the other K at the same temperature
    told = [line for line in study.readings(outcome) if "as far as two trainings" in line]
    assert f"{near} of the 5 other settings lie within" in told[0]
    assert "(roughly, from 3 seeds)" in told[0]


def test_without_several_seeds_nothing_is_said_of_noise(outcome_maker):
    flags = {"grid": "small", "noise_seeds": [1]}
    study, outcome = outcome_maker("sensitivity", landscape, seeds=(5,), **flags)
    said = study.readings(outcome)
    assert said[0].startswith("How far seeds alone lie apart is not known (soft)")
    assert not any("as far as two trainings" in line for line in said)
