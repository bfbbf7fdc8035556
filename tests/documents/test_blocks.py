"""Blocks are found in pages, with what is said of each."""

import pytest

from tests.documents.blocks import blocks_of, commands


def test_blocks_are_found_with_what_is_said_of_them():
    page = (
        "a\n\n<!-- slow: ten runs -->\n```bash\npython x.py \\\n  --a=1  # why\n```\n"
        '```python title="m.py"\nx = 1\n```\n\n```\nshown\n```\n'
    )
    first, second, third = blocks_of(page)
    assert (first.kind, first.mark, first.reason, first.line) == ("bash", "slow", "ten runs", 4)
    assert commands(first) == ["python x.py    --a=1"]
    assert (second.kind, second.title, second.text) == ("python", "m.py", "x = 1\n")
    assert not third.is_code


def test_an_unknown_mark_is_refused():
    with pytest.raises(AssertionError, match="skip"):
        blocks_of("<!-- skip: me -->\n```bash\nls\n```\n")
