"""Studies that train, on the small planted log: what is written, and what is used again."""

import json
import sys
from pathlib import Path

import pytest

from recbole_opal import cli
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.side_by_side import worker_process

ROOT = Path(__file__).resolve().parents[2]
QUICK = [
    "--dataset=synthetic-small",
    f"--data_path={ROOT / 'dataset'}",
    "--epochs=1",
    "--epoch_rows=64",
    "--train_batch_size=64",
    "--cuts_per_user=1",
    "--hidden_size=8",
    "--num_negatives=20",
    "--MAX_ITEM_LIST_LENGTH=10",
    "--stages=[soft,hard]",
    "--tensorboard=False",
    "--show_progress=False",
    "--checkpoint_dir=saved",
]


def study(place, *words):
    """Give the command in a folder; return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        return cli.main(["study", *words, *QUICK])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder in which `losses` was made, cut down to two rows."""
    folder = tmp_path_factory.mktemp("place")
    assert study(folder, "losses", "--without=unique") == 0
    return folder


@pytest.fixture
def no_training(tmp_path, monkeypatch):
    """Let every worker fail: what is not there already cannot be made."""
    script = tmp_path / "worker.py"
    script.write_text("raise MemoryError('no training here')")
    monkeypatch.setattr(worker_process, "WORKER_COMMAND", [sys.executable, str(script)])


def comparison_of(place):
    (page,) = place.glob("saved/comparison-*/losses-synthetic-small.md")
    return page, ComparisonResult.load(page.parent)


def test_the_page_says_what_the_comparison_holds(place):
    page, result = comparison_of(place)
    text = page.read_text(encoding="utf-8")
    plain = json.loads((page.parent / "comparison.json").read_text())
    assert [row.label for row in result.rows] == [
        "OPAL unique_weight=1 soft",
        "OPAL unique_weight=1 hard",
        "OPAL unique_weight=0 soft",
        "OPAL unique_weight=0 hard",
    ]
    lines = {line.split(" | ")[0].strip("| "): line for line in text.splitlines() if "|" in line}
    for row in plain["rows"]:
        shown = lines[row["label"]] if row["label"] == "OPAL unique_weight=1 soft" else text
        for name in ("recall@50", "ndcg@50", "coverage@50", "gini@50"):
            assert f" {row['test'][name]['mean']:.4f} |" in shown
    assert "Each number: one seed." in text
    assert "- Of 4 stages of training: 4 by the end of the schedule of the learning rate." in text
    assert "Without unique (soft): nothing changes" in text


def test_the_difference_is_that_of_the_users(place):
    page, result = comparison_of(place)
    full, without = result.rows[1], result.rows[3]
    values = [result.user_values(row).metrics["recall@50"].mean(axis=0) for row in (without, full)]
    gap = f"{(values[0] - values[1]).mean():+.4f}".replace("-", "−")
    (line,) = [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| OPAL unique_weight=0 hard | OPAL unique_weight=1 hard |")
    ]
    assert line.split(" | ")[2].startswith(gap)


def test_again_it_trains_nothing_and_writes_the_same(place, no_training):
    page, _ = comparison_of(place)
    before = page.read_text(encoding="utf-8")
    page.unlink()
    assert study(place, "losses", "--without=unique") == 0
    assert page.read_text(encoding="utf-8") == before


def test_studies_share_equal_runs(place, no_training, capsys):
    words = ["number-of-interests", "--interests=4", "--control=False"]
    assert study(place, *words) == 0  # the default, which is what `losses` trains without unique
    assert "OPAL num_interests=4 seed=2020: done before" in capsys.readouterr().err


def test_a_row_that_cannot_be_trained_is_told_and_the_others_stay(place, no_training, capsys):
    assert study(place, "losses", "--without=[unique,uniformity]", "--out=out") == 1
    captured = capsys.readouterr()
    assert "runs failed: OPAL uniformity_weight=0 unique_weight=1" in captured.err
    text = (place / "out/losses-synthetic-small.md").read_text(encoding="utf-8")
    assert "Without unique (hard)" in text
    assert "Without uniformity" not in text
    assert "MemoryError" in text
