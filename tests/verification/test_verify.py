"""Figures of results pages are made again and judged; a slip in a page is told before."""

import shlex

import pytest

from recbole_opal.cli import main
from recbole_opal.errors import DataError
from recbole_opal.host.yaml_settings import refuse_wrong_flags
from recbole_opal.settings.commandline import parse_arguments
from recbole_opal.verification.pages import figure_in, pages_in

SCRIPT = """
import json, sys
json.dump({"rows": float(sys.argv[1])}, open("found.json", "w"))
"""
GOOD = {
    "figure": "rows of a step",
    "script": "benchmarks/made.py 12.5",
    "reads": "found.json rows",
    "stated": "12.0",
    "interval": "[11.0, 13.0]",
    "because": "another draw",
    "seconds": "1",
}
RUN = {
    "figure": "one epoch",
    "prepare": "\n  - synthesize --users=60 --items=40 --categories=4 --interests=2 --seed=0 "
    "--out=dataset/small",
    "run": "run --dataset=small --model=YouTubeDNN --epochs=1 --num_negatives=20 --hidden_size=8",
    "reads": "train test recall@50",
    "stated": "1.0",
    "interval": "[0.5, 1.0]",  # fifty of forty items: all are found that are not masked
    "because": "lists are longer than the catalogue",
    "seconds": "5",
}


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "made.py").write_text(SCRIPT)
    (tmp_path / "results" / "studies").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def page(checkout):
    """Return a function that writes a page whose block has other lines."""

    def write(name="page", base=GOOD, **changes):
        lines = [f"{key}: {value}" for key, value in (base | changes).items() if value is not None]
        path = checkout / "results" / f"{name}.md"
        text = "# A page\n\nText.\n\n```yaml verify\n{}\n```\n\nMore.\n"
        path.write_text(text.format("\n".join(lines)))
        return path

    return write


def verified(checkout, capsys, *flags):
    code = main(["verify", str(checkout / "results"), *flags])
    return code, capsys.readouterr()


def test_a_figure_within_its_interval_is_good(checkout, page, capsys):
    page()
    page("studies/other", figure="the same in a folder below")
    code, told = verified(checkout, capsys)
    assert code == 0
    assert told.out.splitlines()[-1] == "2 of 2 figures are within their intervals, 0 skipped"
    (row,) = (line for line in told.out.splitlines() if "rows of a step" in line)
    assert row.split("rows of a step")[1].split()[:4] == [
        "12.0000",
        "[11.0000,",
        "13.0000]",
        "12.5000",
    ]
    assert row.rstrip().endswith("within")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"stated": "14.0", "interval": "[13.0, 15.0]"}, "OUTSIDE"),
        ({"reads": "found.json columns"}, "failed: it left no number `found.json columns`"),
        ({"reads": "lost.json rows"}, "failed: it left no file lost.json"),
        ({"script": "benchmarks/made.py twelve"}, "failed: ValueError: could not convert string"),
    ],
)
def test_what_does_not_come_out_is_told_and_the_code_is_1(checkout, page, capsys, changes, verdict):
    page("bad", **changes)
    page("good")
    code, told = verified(checkout, capsys)
    assert code == 1
    assert verdict in told.out
    assert told.out.splitlines()[-1].startswith("1 of 2 figures")


def test_a_page_without_a_figure_is_told(checkout, page, capsys):
    page("good")
    (checkout / "results" / "empty.md").write_text("# Nothing is stated\n")
    code, told = verified(checkout, capsys)
    assert code == 1
    assert "none stated: the page has no block `yaml verify`" in told.out


def test_only_some_pages_and_a_list_that_makes_nothing(checkout, page, capsys):
    page("first", script="benchmarks/made.py 99")
    page("second")
    assert verified(checkout, capsys, "--only=second")[0] == 0
    code, told = verified(checkout, capsys, "--list")
    assert code == 0
    assert "about 1 s" in told.out
    assert told.err == ""
    code, told = verified(checkout, capsys, "--only=third")
    assert code == 2
    assert "choose from first, second" in told.err


def test_what_is_in_want_of_data_is_skipped_and_nothing_is_verified(checkout, page, capsys):
    page("far", base=RUN, prepare=None, run="run --dataset=nowhere")
    page("gone", script="benchmarks/gone.py")
    code, told = verified(checkout, capsys, f"--data_path={checkout}")
    assert code == 1
    assert "skipped: the data set nowhere is not in" in told.out
    assert "skipped: benchmarks/gone.py is not in a folder above the page" in told.out
    assert told.out.splitlines()[-1] == "0 of 2 figures are within their intervals, 2 skipped"


def test_a_run_is_made_in_a_folder_that_goes_and_read_there(checkout, page, capsys, monkeypatch):
    monkeypatch.chdir(checkout)
    page(base=RUN)
    code, told = verified(checkout, capsys)
    assert code == 0, told
    assert told.err.startswith("page: one epoch, about 5 s")
    assert {path.name for path in checkout.iterdir()} == {"benchmarks", "results"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stated": None}, "stated: Field required"),
        ({"stated": "many"}, "stated: Input should be a valid number"),
        ({"stated": "20.0"}, "stated 20 is not in its own interval"),
        ({"interval": "[13.0, 11.0]"}, "is not in its own interval"),
        ({"interval": "[1.0]"}, "interval: List should have at least 2 items"),
        ({"expected": "12"}, "expected: Extra inputs are not permitted"),
        ({"reads": "rows"}, "reads must be `FILE KEY`"),
        ({"run": "run --dataset=x"}, "name `run` or `script`, one of them"),
        ({"script": None}, "name `run` or `script`, one of them"),
        ({"script": "../made.py"}, "script must lie in the checkout"),
        ({"script": None, "run": "rm -rf dataset"}, "write one of our commands"),
        ({"script": None, "run": "run --model=OPAL", "reads": "a b c"}, "must name its --dataset"),
        ({"script": "benchmarks/made.py '1"}, "No closing quotation"),
        ({"figure": "[a"}, "while parsing"),
    ],
)
def test_a_slip_in_a_block_is_one_line_with_page_and_line(page, changes, told):
    path = page(**changes)
    with pytest.raises(DataError) as error:
        figure_in(path)
    assert told in str(error.value)
    assert str(error.value).startswith(f"{path}, line 5: the block `yaml verify` is wrong (")
    assert str(error.value).endswith("; mend it.")


def test_two_blocks_are_refused(page):
    path = page()
    path.write_text(path.read_text() * 2)
    with pytest.raises(DataError, match="in lines 5 and 20; leave one"):
        figure_in(path)


def test_a_folder_without_pages_and_slips_in_the_command_are_told(tmp_path, capsys):
    with pytest.raises(DataError, match="there is no page in"):
        pages_in(tmp_path)
    for words, told in (
        ([], "no folder is named; usage: "),
        (["nowhere"], "there is nothing at nowhere"),
        ([str(tmp_path), "--jobs=2"], "--jobs is not a flag of verify"),
    ):
        assert main(["verify", *words]) == 2
        assert told in capsys.readouterr().err


def test_every_results_page_states_a_figure(root):
    for path in pages_in(root / "results"):
        figure = figure_in(path)
        assert figure is not None, path
        assert figure.seconds <= 120
        if figure.run is not None:
            asked = parse_arguments(shlex.split(figure.run)[1:])
            refuse_wrong_flags(asked.settings, [asked.model])
