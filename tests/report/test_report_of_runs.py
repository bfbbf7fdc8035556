"""The page of run folders: the same as that of a comparison, without one on disk."""

import re
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
        "OPAL num_interests=2 hard", "OPAL num_interests=2 next", "OPAL num_interests=2 soft",
        "OPAL num_interests=4 hard", "OPAL num_interests=4 next", "OPAL num_interests=4 soft",
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
    for title in (
        "Results",
        "This run",
        "Training",
        "What each hyper-category holds",
        "A few users",
    ):
        assert title in page
    assert f"report {runs[0]}" in page
    assert "What could not be read" not in page
    RunFolder.open(runs[0]).verify()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    metrics = RunFolder.open(runs[0]).load_json("metrics.json")
    assert f"{metrics['data']['test_targets']:,} Targets on test" in text
    soft = metrics["stages"]["soft"]
    ended = {"schedule": "the learning rate had come to its end", "epochs": "all epochs were done"}
    told = f"soft {soft['epochs']} {soft['best_epoch'] + 1} {ended[soft['ended']]}"
    assert f"{told} {soft['valid']['recall@20']:.4f} {soft['test']['recall@20']:.4f}" in text
    assert "learning_rate 0.01" in text  # of the settings
    assert f"report {runs[0]} --user=TOKEN" in text
    assert "Accuracy against diversity</h2>" not in page  # of one run there is none to choose


def test_users_are_named_one_flag_each(runs, copied, capsys):
    tokens = RunFolder.open(runs[0]).load_json("ids.json")["user_id"]
    asked = RunFolder.open(runs[0]).load_arrays("lists-soft-test.npz")["user_id"][[7, 3]]
    first, second = (tokens[user] for user in asked)
    out = copied / "named.html"
    argv = [str(runs[0]), f"--user={first}", "--user", second, f"--users={first}", f"--out={out}"]
    assert main(argv) == 0
    page = out.read_text(encoding="utf-8")
    assert re.findall(r"<h3>User ([^<]*)<", page) == [first, second]


def test_a_model_without_interests_shows_users_too(runs, tmp_path, capsys):
    """A run with one stage, of lists that know no interests, as RecBole's models leave them."""
    other = changed(runs[0], tmp_path, "plain", model="GRU4Rec")
    metrics = other.load_json("metrics.json")
    soft = {k: v for k, v in metrics["stages"]["soft"].items() if k != "diagnostics"}
    other.save_json("metrics.json", metrics | {"stages": {"train": soft}, "best_stage": "train"})
    for name in ("per_user", "lists"):
        arrays = other.load_arrays(f"{name}-soft-test.npz")
        kept = {key: each for key, each in arrays.items() if key != "interest"}
        other.save_arrays(f"{name}-train-test.npz", kept)
    settings = other.load_yaml("config.yaml")
    other.save_yaml("config.yaml", {k: v for k, v in settings.items() if k != "num_interests"})
    assert main([str(other.path)]) == 0
    page = (other.path / "report.html").read_text(encoding="utf-8")
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Above, the newest of the history, oldest first; below, the best 20 of the list" in text
    assert "the most hits; " in text
    assert "What each hyper-category holds" not in text


def test_lists_of_other_models_stand_beside_those_shown(runs, copied, capsys):
    out = copied / "beside.html"
    user = RunFolder.open(runs[0]).load_json("ids.json")["user_id"][1]
    assert main([*map(str, runs), f"--user={user}", f"--out={out}"]) == 0
    page = out.read_text(encoding="utf-8")
    (card,) = re.findall(r'<article class="user">.*?</article>', page, flags=re.DOTALL)
    others = card[card.index("The best 20 of the other rows") :]
    assert re.findall(r"<b>(OPAL[^<]*)</b><small>\d+ found</small>", others)
    assert others.count('class="pill') >= 20


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
    assert "did you mean --user?" in told(capsys, runs[0], "--userz=1", out)
    for flag in ("--users=nobody", "--user=nobody"):
        assert "'nobody' is not in the test part" in told(capsys, runs[0], flag, out)
    assert "--user needs its value" in told(capsys, runs[0], "--user")
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
