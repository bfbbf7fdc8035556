"""A model looks the same in every picture, and its colour belongs to nothing else."""

import re
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, Spread
from recbole_opal.report.looks import dashes, looks, model_colours, shades

STYLE = files("recbole_opal.report").joinpath("style.css").read_text(encoding="utf-8")


def row(label, model, valid, stage="train", variant=None):
    values = {"recall@2": Spread(mean=valid)}
    return Row(label=label, variant=variant or label, model=model, stage=stage, valid=values,
               test=values)  # fmt: skip


def comparison(*rows):
    return ComparisonResult(dataset="d", command="c", metric="recall@2", seeds=[1],
                            rows=list(rows), folder=Path())  # fmt: skip


ROWS = [
    row("OPAL soft", "OPAL", 0.2, "soft", "OPAL"),
    row("OPAL hard", "OPAL", 0.3, "hard", "OPAL"),
    row("OPAL num_interests=1 soft", "OPAL", 0.1, "soft", "OPAL@num_interests=1"),
    row("OPAL num_interests=1 hard", "OPAL", 0.1, "hard", "OPAL@num_interests=1"),
    row("MIND", "MIND", 0.4),
    row("Pop", "Pop", 0.05),
]


def test_a_colour_a_model_and_dashes_before_the_last_stage():
    known = looks(comparison(*ROWS))
    assert known["OPAL hard"] == ("c1", False)
    assert known["OPAL soft"] == ("c1", True)
    assert known["OPAL num_interests=1 hard"] == ("c1-2", False)
    assert (known["MIND"].colour, known["Pop"].colour) == ("c2", "c3")
    assert [name for name, _ in dashes(ROWS, known)] == ["solid", "dashed"]
    assert dashes(ROWS[-2:], known) == []
    assert "variants of a model are shades" in shades(ROWS)
    assert shades(ROWS[:2] + ROWS[-2:]) is None


def test_models_beyond_the_palette_are_grey():
    rows = [row(f"M{i}", f"M{i}", 1 - i / 20) for i in range(12)]
    colours = model_colours(comparison(*rows))
    own = [colour for model, colour in colours.items() if model != "OPAL" and colour != "c0"]
    assert own == [f"c{n}" for n in range(2, 9)]  # the first is OPAL's, whether it is there or not
    assert [colours[f"M{i}"] for i in range(7, 12)] == ["c0"] * 5


# The palette, by day and by night, as eyes see it: OKLab (Ottosson, 2020) of the colours, and of
# what protanopes and deuteranopes see of them (Machado, Oliveira and Fernandes, 2009).
EYES = {
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                 [-0.01182, 0.04294, 0.968881]],
}  # fmt: skip
TO_CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_LAB = [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099],
          [0.0259040371, 0.7827717662, -0.808675766]]  # fmt: skip


def palette(part):
    """Return the colours of the day (0) or of the night (1) by name."""
    block = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)[part]
    return dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", block))


def light(colour):
    """Return the linear (r, g, b) of a colour."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    dark, bright = sorted(float(light(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def apart(one, other, eye):
    seen = [TO_LAB @ np.cbrt(TO_CONES @ (EYES[eye] @ light(c)).clip(0)) for c in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


@pytest.mark.parametrize("part", [0, 1])
def test_colours_are_told_apart_by_all_eyes_and_stand_out(part):
    known = palette(part)
    models = [known[f"c{n}"] for n in range(1, 9)]
    for eye in EYES:
        assert min(apart(*pair, eye) for pair in combinations(models, 2)) > 0.07
    # As WCAG 2.2 asks of graphics and of text.
    assert min(contrast(colour, known["page"]) for colour in models) >= 3
    categories = [known[f"k{n}"] for n in range(1, 9)]
    assert min(contrast(ground, known["text"]) for ground in categories) >= 4.5
    assert not set(categories) & {*models, known["c0"]}
    assert contrast(known["soft"], known["page"]) >= 4.5
    assert contrast(known["warn"], known["text"]) >= 4.5
