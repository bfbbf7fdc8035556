"""README's picture is the one that the pages in results/ give."""

import runpy
import xml.etree.ElementTree as ElementTree

from tests.documents.blocks import ROOT

SCRIPT = ROOT / "docs" / "images" / "interests_against_one.py"
DRAWN = runpy.run_path(str(SCRIPT))
PAGE = """
### Recall@50 less that of OPAL next

| OPAL soft | -0.0500 | [-0.0600, -0.0400] | -0.1 | 1.0000 |
| OPAL num_interests=1 next | -0.0041 * | [-0.0100, +0.0019] | -0.044 | 0.0100 |

### Hit@50 less that of OPAL next

| YouTubeDNN | -0.0700 | [-0.1000, -0.0100] | -0.1 | 1.0000 |
"""


def test_the_picture_is_drawn_from_the_pages_as_they_are():
    written = DRAWN["PICTURE"].read_text(encoding="utf-8")
    assert written == DRAWN["picture"](), (
        "draw it again: python docs/images/interests_against_one.py"
    )
    assert ElementTree.fromstring(written).tag.endswith("svg")  # noqa: S314, our own


def test_a_difference_is_read_from_either_side():
    one, mean = DRAWN["ONES"].values()
    assert DRAWN["difference"](PAGE, one) == (0.0041, -0.0019, 0.0100, True)
    assert DRAWN["difference"](PAGE, mean) is None  # of another metric
    turned = PAGE.replace("OPAL next", "?").replace("OPAL num_interests=1 next", "OPAL next")
    turned = turned.replace("?", "OPAL K=1 next")
    assert DRAWN["difference"](turned, one) == (-0.0041, -0.0100, 0.0019, True)
    kept = PAGE.replace("that of OPAL next", "that of OPAL hard")
    assert DRAWN["difference"](kept, one) == DRAWN["difference"](PAGE, one)


def test_every_log_has_a_difference_to_one_interest():
    assert all(marks[0] for _, marks in DRAWN["differences"]())
