from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from recbole_opal.console.shown_times import moment
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.summary import summary_table
from recbole_opal.conversion.write import Written
from recbole_opal.description.describe_tables import describe_tables
from recbole_opal.description.figures import LogStatistics, Spread
from recbole_opal.description.read_items import FieldCover

NAMES = ["a[/b]", "play[ms]", "[bold]q", "x\\[y]\\", ":heart:z"]


def shown(*tables):
    console = Console(file=StringIO(), width=200)
    for table in tables:
        console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_letter_by_letter(name):
    tally = Tally(3, Counter({f"not {name}==1": 2}))
    folder = Path("d") / name.replace("/", "|")
    text = shown(summary_table(Written(folder, tally, first=0.0, last=1.0)))
    assert f"{folder.name}: what was converted" in text
    assert f"left out: not {name}==1 " in text


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_are_shown_letter_by_letter(name):
    one = Spread({1.0: 1}, 1.0)
    figures = LogStatistics(1, 1, 1, 1.0, one, one, 1.0, 0.0, 1, 0, 0.0, 0.0, 0, 0)
    dropped = Counter({f"no {name}": 2})
    fields = [FieldCover(f"{name}:float", 1, 1)]
    text = shown(*describe_tables(f"t{name}", figures, dropped, fields))
    for part in (f"t{name}", f"left out: no {name} ", f"{name}:float "):
        assert part in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "1970-01-01 00:00:00 UTC"), (-1.0, "-1"), (1e12, "1e+12")]
)
def test_times_beyond_the_calendar_are_numbers(seconds, text):
    assert moment(seconds) == text
