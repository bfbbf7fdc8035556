"""The notebooks as they are committed: with the outputs of one run on the real data, and no more.

That their code runs is tested with the pages, in test_pages.py.
"""

import json
import re

import pytest

from tests.documents.blocks import ROOT
from tests.documents.notebooks import cells_of, notebooks, program_of

NAMES = ["own-log-to-report", "train-to-recommendation", "write-a-model"]


def test_there_are_three():
    assert list(notebooks()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_was_run_from_top_to_bottom(name):
    cells = cells_of(notebooks()[name], "code")
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert "error" not in kinds
    assert "execute_result" in kinds


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_and_names_no_place_of_one_machine(name):
    path = notebooks()[name]
    text = path.read_text(encoding="utf-8")
    assert len(text) < 100_000
    places = "|".join(["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/tm" + "p/", "/us" + "r/"])
    assert re.findall(places, text) == []
    cells = cells_of(path, "code")
    streams = [o["name"] for cell in cells for o in cell["outputs"] if o["output_type"] == "stream"]
    assert "stderr" not in streams  # warnings and bars


@pytest.mark.parametrize("name", NAMES)
def test_its_links_lead_somewhere(name):
    path = notebooks()[name]
    text = "".join("".join(cell["source"]) for cell in cells_of(path, "markdown"))
    links = re.findall(r"\]\(([^)#]+)", text)
    assert links
    assert [link for link in links if not (ROOT / "notebooks" / link).is_file()] == []


def test_a_cell_that_is_a_file_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [
        {"cell_type": "code", "source": ["%%writefile one.py\n", "x = 1\n"]},
        {"cell_type": "code", "source": ["from one import x\n", "y = x + 1"]},
    ]
    (tmp_path / "book.ipynb").write_text(json.dumps({"cells": cells}))
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, int] = {}
    exec(program_of(tmp_path / "book.ipynb"), names)  # noqa: S102
    assert names["y"] == 2
