"""The command without any training: what it asks for, writes, says and refuses."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from recbole_opal import cli
from recbole_opal.settings.commandline import Request
from recbole_opal.side_by_side.variants import parse_variants
from recbole_opal.studies.registry import STUDIES

DATA = ["--dataset=ml-100k"]


@pytest.fixture
def comparisons(monkeypatch, tmp_path, result_maker):
    """Let comparisons come out at once; return what was asked for."""
    monkeypatch.chdir(tmp_path)
    asked: list[Request] = []

    def compare_request(request, command):
        asked.append(request)
        if request.settings.get("epochs") == 13:
            raise KeyboardInterrupt
        folder = tmp_path / "saved" / f"comparison-{len(asked)}"
        folder.mkdir(parents=True)
        variants = parse_variants(request.model)
        result = result_maker(
            variants, request.seeds or (2020,), lambda *_: 0.3, folder, dataset=request.dataset
        )
        if request.settings.get("epochs") == 7:
            last = result.rows[-1]
            last.error, last.test, last.valid = "seed 1: killed", {}, {}
        return result

    module = ModuleType("recbole_opal.side_by_side.compare")
    module.compare_request = compare_request
    monkeypatch.setitem(sys.modules, "recbole_opal.side_by_side.compare", module)
    return asked


def test_alone_it_lists_the_studies_with_their_questions(capsys):
    assert cli.main(["study"]) == 0
    shown = capsys.readouterr().out
    for study in STUDIES.values():
        assert f"  {study.name}: {study.question}" in shown


def test_help_tells_the_flags_of_every_study(capsys):
    assert cli.main(["study", "losses", "--help"]) == 0
    shown = capsys.readouterr().out
    for study in STUDIES.values():
        for flag in study.Options.model_fields:
            assert f"  {study.name} --{flag}: " in shown
    assert "--seeds: " in shown


def test_settings_go_to_all_rows_and_flags_to_the_study(comparisons, capsys):
    given = ["--without=unique", "--seeds=1,2", "--jobs", "2", "--hidden-size=8", "--epochs=3"]
    assert cli.main(["study", "losses", *DATA, *given]) == 0
    (request,) = comparisons
    assert request.model == "OPAL@unique_weight=1,OPAL@unique_weight=0"
    assert (request.seeds, request.jobs, request.dataset) == ((1, 2), 2, "ml-100k")
    assert request.settings == {"hidden_size": 8, "epochs": 3}
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("comparison folder: ")
    assert Path(lines[-2].removeprefix("page: ")).is_file()


def test_a_part_has_seeds_of_its_own(comparisons):
    assert cli.main(["study", "sensitivity", *DATA, "--grid=small"]) == 0
    assert [request.seeds for request in comparisons] == [(), (), (), (1, 2, 3)]
    assert comparisons[-1].model == "OPAL"


def test_page_and_pictures_lie_in_the_comparison_and_where_they_are_asked_for(
    comparisons, tmp_path, capsys
):
    assert cli.main(["study", "future-items", *DATA, "--out=results/studies"]) == 0
    here, there = tmp_path / "saved/comparison-1", tmp_path / "results/studies"
    names = {path.name for path in there.iterdir()}
    assert names == {
        "future-items-ml-100k.md",
        "future-items-ml-100k-recall.svg",
        "future-items-ml-100k-category-diversity.svg",
        "future-items-ml-100k-seconds.svg",
    }
    for name in names:
        assert (here / name).read_bytes() == (there / name).read_bytes()
    text = (there / "future-items-ml-100k.md").read_text()
    assert "python -m recbole_opal study future-items --dataset=ml-100k" in text
    assert sys.executable not in text
    assert all(f"]({name})" in text for name in names if name.endswith("svg"))
    assert f"page: {Path('results/studies')}" in capsys.readouterr().out


CHECK = """## Check it

By hand.

```yaml verify
figure: the default
run: run --dataset=ml-100k --stages=soft
reads: soft test recall@50
stated: {stated}
interval: [0, 1]
because: it is a share
seconds: 45
```
"""


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("0.3", ""),
        ("0.4412", "says 0.4412 no more; mend its block `yaml verify`."),
        ("none", "the block `yaml verify` is wrong"),
    ],
)
def test_made_again_a_page_keeps_the_check_of_its_figure(comparisons, capsys, stated, told):
    command = ["study", "future-items", *DATA, "--out=studies"]
    assert cli.main(command) == 0
    page = Path("studies/future-items-ml-100k.md")
    before, check = page.read_text(), CHECK.format(stated=stated)
    capsys.readouterr()
    for text in (f"{before}\n{check}", f"# Of old\n\n{check}\n## More\n"):
        page.write_text(text)
        assert cli.main(command) == 0
        assert page.read_text().endswith(f".\n\n{check}")
        assert page.read_text().startswith(before[:1000])
        warning = capsys.readouterr().err
        assert told in warning
        assert warning.count("\n") == bool(told)


def test_a_failed_run_is_exit_code_1_and_the_page_tells_it(comparisons, tmp_path, capsys):
    assert cli.main(["study", "losses", *DATA, "--epochs=7"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: runs failed: OPAL orthogonality_weight=0 ")
    assert captured.err.count("\n") == 1
    page = tmp_path / "saved/comparison-1/losses-ml-100k.md"
    assert "seed 1: killed" in page.read_text()


def test_ctrl_c_says_that_the_same_command_goes_on(comparisons, capsys):
    assert cli.main(["study", "losses", *DATA, "--epochs=13"]) == 130
    told = capsys.readouterr().err
    assert told.startswith("interrupted; the same command goes on: ")
    assert told.rstrip().endswith("study losses --dataset=ml-100k --epochs=13")


def test_a_folder_that_cannot_be_written_is_one_line(comparisons, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert cli.main(["study", "losses", *DATA, "--out=taken"]) == 2
    told = capsys.readouterr().err
    assert "taken" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["losess", *DATA], "'losess' is not a study; did you mean losses?"),
        (["xyz", *DATA], "'xyz' is not a study; choose from losses, "),
        (DATA, "no study is named; write one of losses"),
        (["losses", "sensitivity"], "2 studies are named"),
        (["losses"], "--dataset is missing"),
        (["losses", "--datset=ml-100k"], "did you mean --dataset=ml-100k?"),
        (["losses", *DATA, "--num_intrests=3"], "did you mean --num_interests?"),
        (["losses", *DATA, "--epochs=0"], "--epochs=0 is not valid"),
        (["losses", *DATA, "--windows=1"], "windows"),
        (["losses", *DATA, "--model=MIND"], "--model: the rows of losses are fixed"),
        (["losses", "--resume=saved/x"], "goes on by giving its command again"),
        (["losses", *DATA, "--seeds=1,1"], "names a seed twice"),
        (["losses", *DATA, "--without="], "--without= is no loss of OPAL"),
        (["future-items", *DATA, "--future_window=5"], "write --windows=... to choose"),
        (["number-of-interests", *DATA, "--num_interests=5"], "write --interests=... to choose"),
        (["number-of-interests", *DATA, "--models=MNID"], "MNID"),
        (["number-of-interests", *DATA, "--models=[1]"], "--models=[1] is not valid"),
    ],
)
def test_what_is_wrong_is_one_line_before_any_training(words, told, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("recbole_opal.side_by_side.compare._compare", None)  # nothing may start
    assert cli.main(["study", *words]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
