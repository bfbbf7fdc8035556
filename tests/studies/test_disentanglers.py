"""Study 5: its rows, and sentences that follow the numbers."""

import pytest

from recbole_opal.studies.registry import STUDIES

STUDY = STUDIES["disentanglers"]


def rows_of(**flags):
    (part,) = STUDY.parts(STUDY.Options.model_validate(flags), (1,), {})
    return [variant.text for variant in part.variants]


def test_each_model_has_k_of_what_it_counts():
    assert rows_of(interests=8) == [
        "OPAL@num_interests=8",
        "OPAL@num_interests=1",
        "YouTubeDNN",
        "GaussianMixture@num_interests=8",
        "GaussianMixture@num_interests=8@clusters=serving",
        "VQCodebook@num_interests=8",
        "MultiVAE",
        "MacridVAE@kfac=8",
    ]


def test_others_may_be_any_models_and_their_own_k_stays():
    rows = rows_of(others="MIND,REMI@num_interests=2,YouTubeDNN,my.py:Mine,SASRec")
    assert rows[3:] == [
        "MIND@num_interests=4",
        "REMI@num_interests=2",
        "my.py:Mine",
        "SASRec",
    ]


@pytest.mark.parametrize(("effect", "word"), [(0.05, "rises"), (-0.05, "falls")])
def test_sentences_follow_the_numbers(outcome_maker, effect, word):
    def value_of(variant, stage, metric):
        several = 1 in variant.settings.values() or variant.name == "YouTubeDNN"
        clusters = variant.name == "GaussianMixture" and metric == "recall@50"
        return 0.3 - 0.02 * several + effect * clusters

    study, outcome = outcome_maker("disentanglers", value_of)
    said = study.readings(outcome)
    line = next(each for each in said if each.startswith("GaussianMixture K=4 less OPAL K=4"))
    assert f"Recall@50 {word} by 0.0500" in line
    against = [each for each in said if "against one vector" in each]
    assert against[0].startswith(
        "OPAL K=4 soft against one vector (OPAL K=1 soft): Recall@50 rises"
    )
    cluster = next(each for each in against if each.startswith("GaussianMixture K=4 against"))
    assert "(YouTubeDNN)" in cluster
    assert f"Recall@50 {'rises' if effect > 0 else 'falls'}" in cluster
    assert said[-1].startswith("The mean cosine of a user's interests, 1 = all the same: OPAL K=4")


def test_pictures_and_tables(outcome_maker, outside):
    def value_of(variant, stage, metric):
        return 0.1 + sum(map(ord, variant.text + stage + metric)) % 17 / 50

    study, outcome = outcome_maker("disentanglers", value_of)
    figures = study.figures(outcome)
    assert [figure.name for figure in figures] == ["category-diversity", "coverage"]
    for figure in figures:
        assert outside(figure.svg) == []
        for row in outcome.rows():
            assert row.short in figure.svg
    values, to_opal, to_one = study.tables(outcome)
    assert len(values.cells) == 10  # eight variants, two of them with two stages
    assert len(to_opal.cells) == 7
    assert len(to_one.cells) >= 4


def test_without_opal_nothing_is_compared_with_it(outcome_maker):
    study, outcome = outcome_maker("disentanglers")
    for row in outcome.main.rows:
        if row.model == "OPAL":
            row.test, row.valid, row.error = {}, {}, "seed 1: killed"
    assert not any("less OPAL" in line for line in study.readings(outcome))
    assert study.figures(outcome)
    assert study.tables(outcome)
