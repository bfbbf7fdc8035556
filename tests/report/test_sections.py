"""Each section on rows made by hand: what it says, and when it is left out."""

import re
from pathlib import Path

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult, Trial, Tuning
from recbole_opal.comparison.row import Diagnostics, Difference, Row, Spread
from recbole_opal.report.page import page
from recbole_opal.report.rows import best_opal_rows
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.sections.costs import costs
from recbole_opal.report.sections.diversity import diversity
from recbole_opal.report.sections.groups import groups
from recbole_opal.report.sections.interests import interests, usage
from recbole_opal.report.sections.lists import lists
from recbole_opal.report.sections.results import results
from recbole_opal.report.sections.training import training
from recbole_opal.report.sections.tuning import tuning
from recbole_opal.runs import RunFolder

METRIC = "recall@2"


def row(label, model=None, stage="train", *, sd=None, interests=None, **metrics):
    """Return a row; `recall=0.2` becomes recall@2 on test and on validation."""
    values = {f"{name}@2": Spread(mean=mean, sd=sd, values=[mean])
              for name, mean in metrics.items()}  # fmt: skip
    return Row(label=label, variant=label, model=model or label, stage=stage,
               num_interests=interests, test=values, valid={METRIC: values[METRIC]})  # fmt: skip


def comparison(*rows, metric=METRIC):
    return ComparisonResult(dataset="d", command="c", metric=metric, seeds=[1, 2], rows=list(rows),
                            folder=Path())  # fmt: skip


def with_(one, **changes):
    return one.model_copy(update=changes)


def away(difference, low, high, size):
    """Return a difference to OPAL."""
    return {METRIC: Difference(difference=difference, low=low, high=high, effect_size=size)}


def drawn(section, *rows):
    """Return a section that reads runs."""
    one = comparison(*rows)
    return section(one, RunFiles(one))


def words(markup):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def cell_of(text, bold):
    return f"<b>{text}</b>" if bold else f"<span>{text}</span>"


def test_the_best_of_each_column_is_bold_and_gini_is_best_low():
    text = results(comparison(row("A", recall=0.3, gini=0.9), row("B", recall=0.2, gini=0.5))).body
    for value, bold in (("0.3000", True), ("0.2000", False), ("0.9000", False), ("0.5000", True)):
        assert cell_of(value, bold) in text


def test_differences_are_dimmed_where_the_interval_holds_zero():
    far = with_(row("A", recall=0.1), against_opal=away(-0.1, -0.2, -0.05, -0.4))
    near = with_(row("B", recall=0.2), against_opal=away(-0.01, -0.02, 0.01, -0.1))
    text = results(comparison(row("OPAL", recall=0.21), far, near)).body
    cells = re.findall(r"<td[^>]*>[^<]*−0\.[^<]*<small>.*?</td>", text)
    assert ["unclear" in cell for cell in cells] == [True, False]
    assert "−0.1000 d=−0.40 [−0.2000, −0.0500]" in words(cells[1])


def test_one_column_of_differences_if_opal_is_the_best():
    assert (
        results(comparison(row("OPAL", recall=0.3), row("A", recall=0.2))).body.count(
            '<th scope="col">Difference to'
        )
        == 1
    )
    assert (
        results(comparison(row("OPAL", recall=0.3), row("A", recall=0.4))).body.count(
            '<th scope="col">Difference to'
        )
        == 2
    )


def test_failures_are_listed_and_no_picture_is_needed():
    failed = with_(row("A", recall=0.1), test={}, error="killed: out of memory")
    text = results(comparison(failed)).body
    assert "A : killed: out of memory" in words(text)
    assert "<svg" not in text


def test_no_diversity_no_section():
    assert diversity(comparison(row("A", recall=0.1))) is None


def test_the_rows_that_no_other_beats():
    section = diversity(comparison(
        row("accurate", recall=0.3, coverage=0.1), row("beaten", recall=0.2, coverage=0.1),
        row("diverse", recall=0.25, coverage=0.6),
    ))  # fmt: skip
    assert "From accurate to diverse, accurate and diverse are the 2 rows" in words(section.body)


def test_less_similarity_is_more_diverse():
    section = diversity(comparison(
        row("A", recall=0.3, intra_list_similarity=0.1),
        row("B", recall=0.2, intra_list_similarity=0.4),
    ))  # fmt: skip
    assert "A is at once the most accurate and the most diverse" in words(section.body)
    assert "less diverse →" in section.body


def test_a_row_far_off_is_told_and_not_drawn():
    close = [row(f"M{i}", recall=0.3 + 0.001 * i, coverage=0.5 + 0.01 * i) for i in range(8)]
    text = words(diversity(comparison(*close, row("Pop", recall=0.01, coverage=0.02))).body)
    assert "Too far off to be drawn: Pop: Recall@2 0.0100, Coverage@2 0.0200." in text
    assert text.count("Pop") == 1


@pytest.mark.parametrize(
    ("recalls", "sd", "said"),
    [
        ((0.3, 0.2), 0.01, "OPAL soft: more interests do not help; K=1 is highest (0.3000)."),
        ((0.2, 0.3), 0.01, "highest at K=4 (0.3000), +50.0 % to K=1, more than twice"),
        ((0.2, 0.21), 0.01, "within twice the spread over seeds"),
        ((0.2, 0.3), None, "with one seed this may be chance"),
    ],
)
def test_whether_more_interests_help(recalls, sd, said):
    rows = [
        row(f"OPAL {count}", "OPAL", "soft", interests=count, recall=recall, sd=sd)
        for count, recall in zip((1, 4), recalls, strict=True)
    ]
    assert said in words(interests(comparison(*rows)).body)


def test_no_interests_no_section():
    assert interests(comparison(row("SASRec", recall=0.1))) is None
    assert usage([row("SASRec", recall=0.1)]) is None


def test_a_collapse_is_named():
    sound = {"usage_entropy": 0.91, "hit_entropy": 0.8, "cosine": 0.2, "dead_users": 0.05}
    rows = [
        with_(
            row("MIND", recall=0.1, interests=4), diagnostics=Diagnostics(**sound, collapsed=True)
        ),
        with_(row("REMI", recall=0.2, interests=4), diagnostics=Diagnostics(**sound)),
    ]
    text = words(usage(comparison(*rows).rows))
    assert "MIND K=4 has collapsed" in text
    assert "MIND K=4 collapsed 4" in text
    assert "REMI K=4 4" in text
    assert "0.91 0.80 0.20 5.0 %" in re.sub(r" +", " ", text)
    assert "In none of the 1 rows" in words(usage([rows[1]]))


def test_one_row_for_each_k_by_validation():
    rows = [
        row("soft 4", "OPAL", "soft", interests=4, recall=0.2),
        row("hard 4", "OPAL", "hard", interests=4, recall=0.3),
        row("soft 1", "OPAL", "soft", interests=1, recall=0.9),
        row("soft 8", "OPAL", "soft", interests=8, recall=0.4),
        row("MIND", interests=4, recall=0.8),
    ]
    assert [r.label for r in best_opal_rows(comparison(*rows))] == ["soft 8", "hard 4"]


def run_folder(parent, **files):
    folder = RunFolder.create(parent, "run")
    for name, arrays in files.items():
        folder.save_arrays(f"{name.replace('_test', '-test').replace('X', '-')}.npz", arrays)
    return folder


def test_groups_by_hand(tmp_path):
    """Two short and two long histories; targets 1 (rare) and 20 (popular)."""
    users = np.array([3, 1, 2, 4])
    folder = run_folder(
        tmp_path,
        per_userXtrain_test={"user_id": users, METRIC: np.array([1.0, 0.0, 0.5, 0.5]),
                             "history_length": np.array([2, 2, 9, 9])},
        listsXtrain_test={"user_id": users, "items": np.array([[20, 1], [5, 6], [20, 2], [7, 8]])},
        targets_test={"user_id": np.array([3, 1, 2, 4]), "item": np.array([20, 20, 20, 1])},
        item_counts={"counts": np.arange(21)},
    )  # fmt: skip
    one = with_(row("A", recall=0.5), runs={"1": str(folder.path)})
    text = words(drawn(groups, one).body)
    assert "Interactions before the test part" in text
    assert "A 0.5000 0.5000 in the group 2 2" in text
    assert "The most popular tenth of the items holds 75 % of the targets" in text
    assert "Of the top tenth A finds most (67 %)" in text
    assert "Of the less popular half A finds most (0 %)" in text


def test_runs_without_values_of_users_have_no_groups(tmp_path):
    one = with_(row("A", recall=0.5), runs={"1": str(run_folder(tmp_path).path)})
    assert drawn(groups, one) is None
    assert drawn(training, one) is None


def test_curves_of_two_stages(tmp_path):
    folder = run_folder(tmp_path)
    scores = [("soft", 0.1), ("soft", 0.2), ("hard", 0.15), ("hard", 0.25)]
    folder.save_lines("training.jsonl", [
        {"stage": stage, "epoch": i % 2, "loss": {"a": 1.0, "b": 2.0}, "valid": {METRIC: score}}
        for i, (stage, score) in enumerate(scores)
    ])  # fmt: skip
    rows = [with_(row(f"OPAL {stage}", "OPAL", stage, recall=0.2), variant="OPAL",
                  runs={"1": str(folder.path)}) for stage in ("soft", "hard")]  # fmt: skip
    section = drawn(training, *rows)
    assert section.body.count("<svg") == 1
    assert section.body.count('class="switch"') == 2
    assert "got past the first on validation in 1 of 1 runs" in words(section.body)
    assert "1 seed, 4 epochs, best validation Recall@2 0.2500" in words(section.body)


def test_a_damaged_file_is_told_once_and_stops_nothing(tmp_path):
    folder = run_folder(tmp_path, targets_test={"user_id": np.array([1])})
    path = folder.path / "targets-test.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    files = RunFiles(comparison())
    assert files.arrays(folder.path, "targets-test.npz") is None
    assert files.arrays(folder.path, "targets-test.npz") is None
    assert files.arrays(folder.path, "none.npz") is None
    assert files.epochs(folder.path) == []
    assert len(files.problems) == 1
    assert "targets-test.npz" in files.problems[0]


def test_a_variant_that_was_validated_once_is_named_without_a_picture(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    once, twice = (run_folder(tmp_path / name) for name in "ab")
    line = {"stage": "train", "loss": {"a": 1.0}, "valid": {METRIC: 0.2}}
    once.save_lines("training.jsonl", [line | {"epoch": 0}])
    twice.save_lines("training.jsonl", [line | {"epoch": 0}, line | {"epoch": 1}])
    rows = [
        with_(row("Pop", "Pop", recall=0.1), variant="Pop", runs={"1": str(once.path)}),
        with_(row("MIND", "MIND", recall=0.2), variant="MIND", runs={"1": str(twice.path)}),
    ]
    section = drawn(training, *rows)
    assert section.body.count("<svg") == 1
    assert "Validated once, so without a curve: Pop." in words(section.body)


def test_costs_of_the_whole_run_are_told_where_a_run_has_several_rows():
    rows = [with_(row(f"OPAL {stage}", "OPAL", stage, recall=0.2), variant="OPAL")
            for stage in ("soft", "hard")]  # fmt: skip
    told = (
        "Training and epochs of a later stage include the stages it started from; peak memory and "
        "parameters are those of the whole run."
    )
    rows = [with_(one, train_seconds=Spread(mean=3.0, values=[3.0])) for one in rows]
    assert told in words(costs(comparison(*rows)).body)
    assert told not in words(costs(comparison(rows[0])).body)


def test_a_row_whose_runs_a_bound_cut_short_says_so():
    rows = [
        with_(row("MIND", "MIND", recall=0.2), cut_short=2),
        row("Pop", "Pop", recall=0.1),
    ]
    text = words(results(comparison(*rows)).body)
    assert "MIND cut short" in text
    assert "Pop cut short" not in text
    assert "As far as training went (1 of 2 rows was cut short), MIND is best" in text
    assert "cut short" not in words(results(comparison(rows[1])).body)


def test_a_banner_says_how_many_rows_were_cut_short_before_all_else():
    rows = [with_(row(f"M{i}", recall=0.1 + i / 100), cut_short=i > 0) for i in range(10)]
    text = page(comparison(*rows), [], [])
    assert text.count('class="banner"') == 1
    assert "9 of 10 rows were cut short (M9, M8, M7, M6, M5 and 4 more)" in words(text)
    assert text.index('class="banner"') < text.index("<nav")
    assert 'class="banner"' not in page(comparison(rows[0]), [], [])


def costly(label, recall, seconds, memory, **more):
    known = {"train_seconds": seconds, "peak_memory": memory}
    spreads = {name: Spread(mean=value, values=[value]) for name, value in known.items()}
    return with_(row(label, recall=recall), **spreads, **more)


def test_the_rows_that_no_other_beats_in_accuracy_and_cost():
    section = costs(comparison(costly("A", 0.3, 90.0, 2e9), costly("B", 0.2, 0.05, 2e9),
                               costly("C", 0.1, 0.2, 1e9)))  # fmt: skip
    text = words(section.body)
    assert section.title == "Accuracy against cost"
    assert "From cheap to good, B and A are the 2 rows that no other beats in both" in text
    assert "B takes 50 ms for 0.2000, A 1 min 30 s for 0.3000." in text
    assert "Training, s (cheaper ←; equal factors are equally far apart)" in text
    assert "Peak memory, MiB (cheaper ←)" in text
    assert "One user" not in text  # not measured


def test_one_user_is_explained_where_it_was_measured():
    user = {"user_seconds": Spread(mean=0.0021, sd=0.0001, values=[0.002, 0.0022])}
    section = costs(comparison(costly("A", 0.3, 9.0, 1e9, **user), costly("B", 0.2, 9.0, 1e9)))
    text = words(section.body)
    assert "2.1 ms" in text
    assert "One user: from a single user's history to the list" in text.replace("&#x27;", "'")


def test_a_single_model_has_a_table_of_costs_and_no_picture():
    section = costs(comparison(costly("A", 0.3, 9.0, 1e9)))
    assert (section.title, "<svg" in section.body) == ("What it cost", False)
    assert costs(comparison(row("A", recall=0.1))) is None


def test_recall_at_each_length_and_overlap(tmp_path):
    def lists_of(name, *items):
        (tmp_path / name).mkdir()
        return str(run_folder(
            tmp_path / name,
            listsXtrain_test={"user_id": np.array([1, 2]), "items": np.array(items)},
            targets_test={"user_id": np.array([1, 2]), "item": np.array([20, 6])},
        ).path)  # fmt: skip

    rows = [
        with_(row("A", recall=0.5), runs={"1": lists_of("a", [20, 1], [5, 6])}),
        with_(row("B", recall=0.2), runs={"1": lists_of("b", [1, 20], [5, 6]),
                                          "2": lists_of("c", [1, 2], [3, 4])}),
    ]  # fmt: skip
    section = drawn(lists, *rows)
    text = words(section.body)
    assert "Highest with 2 items A (1.0000)." in text
    assert "1 2 A 0.5000 1.0000 B 0.0000 0.5000" in text  # of B the mean of its seeds
    assert "Difference to A" in text
    assert "1 2 A +0.0000 +0.0000 B −0.5000 −0.5000" in text
    assert "The most alike are A and B (100 % of their items in common)" in text
    assert "two seeds of one row have 17 % in common" in text  # 1 of 3 items, and none
    assert section.body.count('class="seeds"') == 2


def test_the_overlap_is_that_of_the_best_k(tmp_path):
    rows = []
    for name, items in (("a", [1, 2, 3]), ("b", [1, 2, 4])):  # the metric looks at two
        (tmp_path / name).mkdir()
        lists_of = {"user_id": np.array([1]), "items": np.array([items])}
        folder = run_folder(tmp_path / name, listsXtrain_test=lists_of)
        rows.append(with_(row(name, recall=0.5), runs={"1": str(folder.path)}))
    text = words(drawn(lists, *rows).body)
    assert "How alike the best 2 are" in text
    assert "a and b (100 % of their items in common)" in text


def test_lists_over_other_ids_are_not_compared(tmp_path):
    rows = []
    for name in "ab":
        (tmp_path / name).mkdir()
        folder = run_folder(
            tmp_path / name,
            listsXtrain_test={"user_id": np.array([1]), "items": np.array([[1, 2]])},
        )
        folder.save_json("ids.json", {"item_id": ["[PAD]", name]})
        rows.append(with_(row(name, recall=0.5), runs={"1": str(folder.path)}))
    assert drawn(lists, *rows) is None


def test_the_axis_of_k_is_to_scale():
    rows = [row(f"OPAL K={k}", "OPAL", interests=k, recall=0.1 + k / 100) for k in (1, 2, 8)]
    (picture, *_) = re.findall(r"<svg.*?</svg>", interests(comparison(*rows)).body, re.DOTALL)
    ticks = re.findall(r'<text x="([\d.]+)"[^>]*class="tick middle">(\d+)<', picture)
    places = {int(k): float(x) for x, k in ticks}
    assert places[8] - places[2] == pytest.approx(6 * (places[2] - places[1]), abs=0.1)


def test_a_metric_without_a_list_length_takes_the_longest_lists(tmp_path):
    folder = run_folder(
        tmp_path,
        listsXtrain_test={"user_id": np.array([1, 2]), "items": np.array([[20, 1], [5, 6]])},
        targets_test={"user_id": np.array([1, 2]), "item": np.array([20, 6])},
        item_counts={"counts": np.arange(21)},
    )
    value = Spread(mean=0.5, values=[0.5])
    one = with_(row("A", recall=0.5, coverage=0.2), runs={"1": str(folder.path)})
    one = with_(one, test=one.test | {"gauc": value}, valid={"gauc": value})
    side = comparison(one, metric="gauc")
    text = words(groups(side, RunFiles(side)).body)
    assert "Share of targets found in the best 2" in text
    assert "Of the top tenth A finds most (100 %)" in text
    assert diversity(comparison(one, with_(one, variant="B", label="B"), metric="gauc")) is not None


def tuned(metric=METRIC, **history):
    one = comparison(row("OPAL", recall=0.3), metric=metric)
    trials = {
        label: [Trial(settings={"learning_rate": rate}, score=score, seconds=2.0, reason=reason)
                for rate, score, reason in tried]
        for label, tried in history.items()
    }  # fmt: skip
    return tuning(one.model_copy(update={"tuning": Tuning(trials=3, history=trials)}))


def test_the_trials_of_a_search_are_drawn_and_told():
    section = tuned(
        OPAL=[(0.001, 0.2, None), (0.01, None, "the loss became nan"), (0.002, 0.25, None)],
        MIND=[(0.001, 0.3, None), (0.01, 0.1, None)],
        Pop=[(1.0, 0.1, None)],
    )
    text = words(section.body)
    assert section.body.count("<svg") == 3
    assert (
        "OPAL: trial 3 of 3, 1 of which failed is the best (0.2500, +25.0 % to the defaults); "
        "it was the last, so that more might find better."
    ) in text
    assert "MIND: none of 2 trials beats the defaults (0.3000)." in text
    assert "Pop: the defaults alone were tried (0.1000)." in text
    assert "2 0.01 the loss became nan 2 s" in text  # of the table
    assert "trial 3: learning_rate=0.002: 0.2500" in text
    assert section.body.count('<g class="hollow">') == 3


def test_the_best_so_far_is_the_least_where_less_is_better():
    section = tuned("gini@2", OPAL=[(0.001, 0.2, None), (0.01, 0.3, None), (0.002, 0.1, None)])
    assert "trial 3 of 3 is the best (0.1000, −50.0 % to the defaults)" in words(section.body)


def test_without_trials_there_is_no_section():
    assert tuning(comparison(row("OPAL", recall=0.3))) is None
    assert tuned() is None
