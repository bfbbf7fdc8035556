"""The page of run folders: the same as that of a comparison, without one on disk."""

import shutil

import pytest

from recbole_opal.comparison.of_runs import comparison_of
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.report.report_command import main
from recbole_opal.runs import RunFolder


@pytest.fixture(scope="module")
def copied(comparison_folder, tmp_path_factory):
    """Return a folder with a copy of the data and the runs, in which one may write."""
    root = tmp_path_factory.mktemp("runs") / "copy"
    shutil.copytree(comparison_folder.parents[1], root)
    return root


@pytest.fixture
def runs(copied, monkeypatch):
    """Return the four real runs of OPAL: K = 2 with one seed, K = 4 with three."""
    monkeypatch.chdir(copied)
    return [path.parent for path in sorted((copied / "saved").glob("OPAL-*/metrics.json"))]


def test_runs_are_rows_and_their_seeds_are_one(runs):
    found = comparison_of(runs, "again")
    labels = [row.label for row in found.rows]
    assert sorted(labels) == [
        "OPAL num_interests=2 hard", "OPAL num_interests=2 soft",
        "OPAL num_interests=4 hard", "OPAL num_interests=4 soft",
    ]  # fmt: skip
    row = next(row for row in found.rows if row.label == "OPAL num_interests=4 soft")
    assert list(row.runs) == ["1", "2", "3"]
    opened = [RunFolder.open(run) for run in runs]
    alike = [run for run in opened if run.load_yaml("config.yaml")["num_interests"] == 4]
    tests = [run.load_json("metrics.json")["stages"]["soft"]["test"] for run in alike]
    values = [test["recall@20"] for test in tests]
    assert sorted(row.test["recall@20"].values) == sorted(values)
    assert found.metric == "recall@20"
    assert found.dataset == "made"
    others = [row for row in found.rows if row is not found.best]
    assert all("recall@20" in row.against_best for row in others)


def test_one_run_has_its_page_in_its_folder(runs, capsys):
    assert main([str(runs[0])]) == 0
    assert capsys.readouterr().out.strip() == str(runs[0] / "report.html")
    page = (runs[0] / "report.html").read_text(encoding="utf-8")
    for title in ("Results", "Training", "What each hyper-category holds", "A few users"):
        assert title in page
    assert f"report {runs[0]}" in page
    assert "What could not be read" not in page
    RunFolder.open(runs[0]).verify()


def test_several_runs_have_it_here_or_where_it_is_asked_for_with_chosen_users(runs, copied, capsys):
    tokens = RunFolder.open(runs[0]).load_json("ids.json")["user_id"]
    asked = RunFolder.open(runs[0]).load_arrays("lists-soft-test.npz")["user_id"][[5, 9]]
    users = [tokens[user] for user in asked]
    out = copied / "mine.html"
    assert main([*map(str, runs), f"--users={','.join(users)}", f"--out={out}"]) == 0
    capsys.readouterr()
    page = out.read_text(encoding="utf-8")
    assert page.count("as asked for") == 2
    assert all(f"User {user}" in page for user in users)
    assert main([*map(str, runs[:2])]) == 0
    assert capsys.readouterr().out == "report.html\n"


def told(capsys, *argv):
    assert main([str(word) for word in argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_what_is_asked_wrongly_is_one_line_and_nothing_is_written(runs, copied, tmp_path, capsys):
    out = f"--out={tmp_path / 'page.html'}"
    assert "no folder is named" in told(capsys, out)
    assert "did you mean --users?" in told(capsys, runs[0], "--user=1", out)
    assert "'nobody' is not in the test part" in told(capsys, runs[0], "--users=nobody", out)
    assert "is not a run folder" in told(capsys, runs[0], copied / "data", out)
    assert "name one of them" in told(capsys, runs[0], runs[0], out)
    assert not (tmp_path / "page.html").exists()


def test_a_comparison_shows_chosen_users_too(copied, runs, comparison_folder, capsys):
    folder = copied / "saved" / comparison_folder.name
    user = RunFolder.open(runs[0]).load_json("ids.json")["user_id"][1]
    assert main([str(folder), f"--users={user}"]) == 0
    assert "as asked for" in (folder / "report.html").read_text(encoding="utf-8")
    assert ComparisonResult.load(folder).rows


def test_chosen_users_who_cannot_be_shown_stop_the_report(runs, tmp_path, capsys):
    other = changed(runs[0], tmp_path, "older")
    other.drop("histories-test.npz")
    err = told(capsys, other.path, "--users=1")
    assert "no user can be shown" in err
    assert "kept no histories" in err


def test_titles_of_the_data_set_that_recbole_brings_along(tmp_path):
    from recbole_opal.report.item_names import read_names

    folder = RunFolder.create(tmp_path, "made")
    folder.save_json("ids.json", {"item_id": ["[PAD]", "1"], "user_id": []})
    settings = {"dataset": "ml-100k", "field_separator": "\t", "encoding": "utf-8",
                "ITEM_ID_FIELD": "item_id"}  # fmt: skip
    assert read_names(folder, settings).titles == ["[PAD]", "Toy Story"]
    assert read_names(folder, settings | {"dataset": "nowhere"}).titles == ["[PAD]", "1"]


def changed(run, tmp_path, name, **settings):
    """Return a copy of a run with other settings."""
    other = tmp_path / name
    shutil.copytree(run, other)
    folder = RunFolder.open(other)
    folder.save_yaml("config.yaml", folder.load_yaml("config.yaml") | settings)
    return folder


def test_runs_of_other_data_or_protocol_are_refused_by_name(runs, tmp_path):
    other = changed(runs[0], tmp_path, "split", eval_args={"split": {"LS": "valid_and_test"}})
    with pytest.raises(SettingsError, match="eval_args is .* there and .* here; choose runs"):
        comparison_of([runs[0], other.path], "")
    other = changed(runs[0], tmp_path, "data")
    origin = other.load_json("origin.json")
    other.save_json("origin.json", origin | {"data": {"made.inter": "0" * 64}})
    with pytest.raises(SettingsError, match="made.inter has changed between them"):
        comparison_of([runs[0], other.path], "")
    other = changed(runs[0], tmp_path, "targets")
    targets = other.load_arrays("targets-test.npz")
    other.save_arrays("targets-test.npz", targets | {"item": targets["item"][::-1].copy()})
    with pytest.raises(SettingsError, match="the targets of the test part are others"):
        comparison_of([runs[0], other.path], "")
    other = changed(runs[0], tmp_path, "unfinished")
    other.drop("metrics.json")
    with pytest.raises(CheckpointError, match="has not finished; go on with --resume="):
        comparison_of([runs[0], other.path], "")
