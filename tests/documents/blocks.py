"""The code blocks of the pages, and what is said of each: run, run by slow tests, or only checked.

A block is run unless a comment before it says otherwise:

    <!-- checked: why it is not run -->      its flags are parsed by the real parsers
    <!-- slow: why it takes long -->         the same, and `pytest -m slow` runs it
    <!-- real: why -->                       the same, and that on the real data and defaults
    <!-- fails -->                           it ends with code 2 and says what the next block holds
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>\w+)(?:: (?P<reason>[^\n]*?))? -->\n)?"
    r"^```(?P<kind>\w*)(?: title=\"(?P<title>[^\"\n]*)\")?(?P<rest>[^\n]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# Blocks that are the contents of others' files or the program's output.
_SHOWN = {"", "text", "yaml", "json"}


@dataclass(frozen=True)
class Block:
    """A block of a page: bash, Python, or what is only shown."""

    kind: str
    text: str
    mark: str  # "", "checked", "slow", "real" or "fails"
    reason: str
    title: str  # the file that the block is, empty where it is not one
    line: int

    @property
    def is_code(self) -> bool:
        """Whether somebody is meant to run it."""
        return self.kind not in _SHOWN


def pages() -> dict[str, Path]:
    """Return README and the pages of docs/ by their names."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path for path in files}


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a page in order; a fence with anything unexpected behind it fails."""
    found = []
    for match in _BLOCK.finditer(text):
        assert not match["rest"], match["rest"]
        assert match["mark"] in (None, "checked", "slow", "real", "fails"), match["mark"]
        found.append(
            Block(
                kind=match["kind"],
                text=match["text"],
                mark=match["mark"] or "",
                reason=match["reason"] or "",
                title=match["title"] or "",
                line=text.count("\n", 0, match.start("kind")) + 1,
            )
        )
    assert len(found) * 2 == len(re.findall(r"^```", text, re.MULTILINE))
    return found


def read_pages() -> dict[str, list[Block]]:
    """Return the blocks of every page."""
    return {name: blocks_of(path.read_text(encoding="utf-8")) for name, path in pages().items()}


def commands(block: Block) -> list[str]:
    """Return the command lines of a bash block, without comments, continued lines joined."""
    joined = block.text.replace("\\\n", " ")
    lines = [re.sub(r"(?:^|\s)#.*", "", line).strip() for line in joined.splitlines()]
    return [line for line in lines if line]
