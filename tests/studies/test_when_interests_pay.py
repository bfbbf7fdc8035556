"""Study 6: groups against brute force, planted gains are found, and the page says so."""

import math
import re
from collections import Counter

import numpy as np
import pytest
from scipy.stats import ttest_ind

from recbole_opal.errors import SettingsError
from recbole_opal.studies.breadth import co_visit_clusters, entropies, history_matrix
from recbole_opal.studies.grouped_differences import contrast
from recbole_opal.studies.page import page
from recbole_opal.studies.user_groups import thirds, traits_of
from recbole_opal.studies.when_interests_pay import WhenInterestsPay, WhenInterestsPayOptions
from tests.studies.planted_runs import planted_outcome, planted_users

CATEGORIES, ITEMS = 6, 61
# A third of the users each with 1, 2 and 5 categories, in no order of their tokens.
SETS = [range([1, 2, 5][n % 3]) for n in range(240)]


def entropy_of(items, groups_of):
    """Return it by hand: every item shares its weight out over its groups."""
    mass = Counter()
    for item in items:
        for group in groups_of.get(item, ()):
            mass[group] += 1 / len(groups_of[item])
    total = sum(mass.values())
    return -sum(m / total * math.log(m / total) for m in mass.values()) if total else math.nan


def test_entropies_equal_those_by_hand():
    random = np.random.default_rng(1)
    groups_of = {i: sorted(set(random.integers(0, 4, size=random.integers(0, 4)).tolist()))
                 for i in range(1, 30)}  # fmt: skip
    histories = [random.integers(1, 30, size=n).tolist() for n in (0, 1, 2, 5, 40)]
    without = [i for i, groups in groups_of.items() if not groups]
    histories.append(without[:1])  # an item of no category
    items = np.array([item for each in histories for item in each], dtype=np.int64)
    matrix = history_matrix(items, np.array([len(each) for each in histories]), 30)
    pairs = np.array([(i, g) for i, groups in groups_of.items() for g in groups])
    found = entropies(matrix, pairs[:, 0], pairs[:, 1])
    expected = [entropy_of(each, groups_of) for each in histories]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert math.isnan(found[0])
    assert math.isnan(found[-1])
    assert found[1] >= 0


@pytest.mark.parametrize("seed", range(20))
def test_items_of_planted_blocks_fall_into_clusters_of_their_own(seed):
    random = np.random.default_rng(seed)
    users = [random.integers(10 * (n % 4), 10 * (n % 4) + 10, size=15) for n in range(80)]
    matrix = history_matrix(np.concatenate(users), np.full(80, 15), 45)
    items, clusters = co_visit_clusters(matrix, 4)
    assert items.tolist() == list(range(40))  # 40 to 44 were never met
    blocks = [set(clusters[items // 10 == block].tolist()) for block in range(4)]
    assert all(len(block) == 1 for block in blocks)
    assert len(set.union(*blocks)) == 4
    again = co_visit_clusters(matrix, 4)[1]
    assert again.tolist() == clusters.tolist()


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (2, 2)])
def test_too_few_histories_are_one_cluster(shape):
    matrix = history_matrix(np.zeros(shape[0], dtype=np.int64), np.ones(shape[0], int), shape[1])
    items, clusters = co_visit_clusters(matrix)
    assert (items.tolist(), clusters.tolist()) == ([0], [0])


def test_thirds_hold_equally_many_and_never_tear_equal_values_apart():
    random = np.random.default_rng(3)
    groups, labels = thirds(np.append(random.normal(size=300), np.nan))
    assert np.bincount(groups[:-1]).tolist() == [100, 100, 100]
    assert groups[-1] == -1
    values = np.array([1.0] * 5 + [2.0] + [3.0] * 3)
    groups, labels = thirds(values, ".0f")
    assert labels == ["1 to 2", "3"]
    assert groups.tolist() == [0] * 6 + [1] * 3
    assert thirds(np.full(4, 7.0), ".0f")[1] == ["7"]
    assert thirds(np.full(4, np.nan))[1] == []


def test_a_contrast_is_welch_s_test():
    random = np.random.default_rng(4)
    one, other = random.normal(0.3, 1, size=900), random.normal(0, 3, size=400)
    found = contrast(np.append(one, np.nan), other)
    expected = ttest_ind(one, other, equal_var=False)
    interval = expected.confidence_interval()
    assert found.p == pytest.approx(expected.pvalue)
    assert [found.low, found.high] == pytest.approx([interval.low, interval.high], abs=2e-3)
    assert contrast(one[:1], other) is None
    assert contrast(np.zeros(3), np.zeros(3)).p == 1


def planted(tmp_path, files):
    """Return an outcome: K = 4 gains .1 for the broadest third, and .05 for all where D = 8."""
    random = np.random.default_rng(5)
    base = random.uniform(0.2, 0.5, size=len(SETS))
    broad = np.array([len(own) == 5 for own in SETS])

    def users(interests, width, stage):
        noise = random.normal(0, 0.01, size=(3, len(SETS)))
        several = interests > 1 and stage == "hard"
        gain = several * (0.1 * broad + 0.05 * (width == 8))
        return {
            "recall@10": base + gain + noise[0],
            "ndcg@10": base + noise[1],
            # Long lists gain nothing, and cost where the width is usual.
            "recall@100": base + 0.3 - 0.05 * several + noise[2],
        }

    values = {
        f"OPAL@num_interests={k}@hidden_size={d}": {s: users(k, d, s) for s in ("soft", "hard")}
        for d in (8, 64)
        for k in (1, 4)
    }
    return planted_outcome(tmp_path, WhenInterestsPayOptions(widths=[8, 64]), values, files)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    files = planted_users(np.random.default_rng(6), SETS, ITEMS, CATEGORIES)
    return planted(tmp_path_factory.mktemp("runs"), files)


STUDY = WhenInterestsPay()


def test_traits_are_those_of_the_planted_users(outcome):
    traits = traits_of(outcome.main, outcome.main.rows[0])
    assert traits.users == sorted(f"u{n + 1}" for n in range(len(SETS)))
    numbers = [int(user[1:]) - 1 for user in traits.users]
    sizes = np.array([len(SETS[n]) for n in numbers])
    assert traits.entropy[sizes == 1] == pytest.approx(0)
    assert traits.entropy[sizes == 2].max() < traits.entropy[sizes == 5].min()
    assert (traits.lengths >= 8).all()
    assert set(traits.targets.tolist()) == {1, 2, 3, 4}


def line(said, start):
    (found,) = [each for each in said if each.startswith(start)]
    return found


def test_planted_gains_are_found_for_whom_and_where_they_were_planted(outcome):
    said = STUDY.readings(outcome)
    breadth = line(said, "By breadth (entropy of its categories) (hard)")
    low, middle, high = re.findall(
        r"([−+]0\.\d{4}) \[[^]]*\]( \*)?[;.]", breadth.split(". The")[0] + "."
    )
    assert abs(float(low[0].replace("−", "-"))) < 0.005 > abs(float(middle[0].replace("−", "-")))
    assert float(high[0]) == pytest.approx(0.1, abs=0.005)
    assert [bool(mark) for _, mark in (low, middle, high)] == [False, False, True]
    assert re.search(r"The highest group gains more than the lowest, by \+0\.(09|10)", breadth)
    assert "cannot be told apart" in line(said, "By targets of the user (hard)")
    assert "cannot be told apart" in line(said, "By breadth (entropy of its categories) (soft)")
    widths = line(said, "By width (hard)")
    assert re.search(r"at D = 8 it is more than at D = 64, by \+0\.0[45]", widths)
    lengths = line(said, "By length of the list (hard), at D = 64")
    assert re.search(r"they pay at 10 \(\+0\.03.*they cost at 100 \(−0\.0[45]", lengths)
    assert "nothing can be told at 10" in line(said, "By length of the list (soft)")
    assert "4 interests pay: Recall@10 +0.03" in line(said, "Over all users (hard)")
    assert "neither" in line(said, "Over all users (soft)")


def test_the_page_has_groups_widths_and_lengths(outcome):
    figures = STUDY.figures(outcome)
    names = ["groups-soft", "groups-hard", "widths", "gain-by-width", "gain-by-length"]
    assert [figure.name for figure in figures] == names
    assert figures[1].svg.count('class="mark hollow"') > 0
    assert "breadth 0.00 (80 users)" in figures[1].svg
    text = page(STUDY, outcome, "the command", figures, "when-interests-pay-planted")
    for title in ("K less one, at each width", "Groups of users, D = 64 hard", "Lengths of the"):
        assert title in text
    assert "K=4 D=8 hard" in text


def test_without_categories_clusters_tell_the_breadth(tmp_path):
    files = planted_users(np.random.default_rng(6), SETS, ITEMS, CATEGORIES)
    del files["item_categories.npz"]
    found = planted(tmp_path, files).main
    traits = traits_of(found, found.rows[0])
    assert traits.by == "clusters of items met by the same users"
    sizes = np.array([len(SETS[int(user[1:]) - 1]) for user in traits.users])
    means = [traits.entropy[sizes == size].mean() for size in (1, 2, 5)]
    assert means[0] < means[1] < means[2]


def test_runs_of_an_older_version_keep_all_but_the_groups(tmp_path):
    outcome = planted(tmp_path, {})
    said = STUDY.readings(outcome)
    told = line(said, "Users cannot be told apart (hard)")
    assert "holds no histories-test.npz" in told
    assert line(said, "By width (hard)")
    assert [each.name for each in STUDY.figures(outcome)][0] == "widths"


def test_rows_and_defaults():
    (part,) = STUDY.parts(WhenInterestsPayOptions(widths=[8, 16], interests=2), (), {})
    assert [variant.text for variant in part.variants] == [
        f"OPAL@num_interests={k}@hidden_size={d}" for d in (8, 16) for k in (1, 2)
    ]
    with pytest.raises(SettingsError, match="--interests=9 is more than the 8 dimensions"):
        STUDY.parts(WhenInterestsPayOptions(interests=9), (), {})
