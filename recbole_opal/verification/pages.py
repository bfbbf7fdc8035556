"""The results pages of a folder, and the block in each that states its figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from recbole_opal.errors import DataError, reason_of
from recbole_opal.runs.limits import refuse_heavy_yaml
from recbole_opal.verification.figure import Figure

__all__ = ["check_in", "figure_in", "is_stated", "pages_in"]

_BLOCK = re.compile(r"^```yaml verify[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,2} ", re.MULTILINE)
_MAX_BYTES = 2**22


def pages_in(place: Path, only: Sequence[str] = ()) -> list[Path]:
    """Return the pages of a folder and of those in it, or the one page, in order of their names.

    Args:
        place: a folder, or a page.
        only: names of pages, with or without `.md`; none: all.

    Raises:
        DataError: there is no page, or none of such a name.
    """
    pages = [place] if place.is_file() else sorted(place.rglob("*.md"))
    if not pages:
        raise DataError(f"there is no page in {place}; name the folder of the results.")
    for name in only:
        if name.removesuffix(".md") not in {page.stem for page in pages}:
            known = ", ".join(page.stem for page in pages)
            raise DataError(
                f"--only={name}: there is no such page in {place}; choose from {known}."
            )
    names = {name.removesuffix(".md") for name in only}
    return [page for page in pages if not names or page.stem in names]


def figure_in(page: Path) -> Figure | None:
    """Return the figure that a page states in a fenced block of `yaml verify`; None without one.

    Raises:
        DataError: the page cannot be read, has two such blocks, or the block is malformed.
    """
    try:
        text = page.read_bytes()[:_MAX_BYTES].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {page} ({reason_of(error)}); mend the page.") from error
    blocks = list(_blocks(text))
    if not blocks:
        return None
    if len(blocks) > 1:
        lines = " and ".join(str(line) for line, _ in blocks)
        raise DataError(f"{page} has a block `yaml verify` in lines {lines}; leave one.")
    line, content = blocks[0]
    try:
        refuse_heavy_yaml(content)
        return Figure.model_validate(yaml.safe_load(content))
    except (ValueError, yaml.YAMLError) as error:
        raise DataError(
            f"{page}, line {line}: the block `yaml verify` is wrong ({reason_of(error)}); mend it."
        ) from error


def check_in(page: Path) -> str:
    """Return the section of a page that holds its block `yaml verify`, "" without page or block.

    Whoever writes a page anew puts it at the end: the block was written by hand.
    """
    try:
        text = page.read_bytes()[:_MAX_BYTES].decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    block = _BLOCK.search(text)
    if block is None:
        return ""
    starts = [found.start() for found in _HEADING.finditer(text)]
    begin = max((start for start in starts if start < block.start()), default=block.start())
    end = min((start for start in starts if start > block.end()), default=len(text))
    return text[begin:end].strip()


def is_stated(figure: Figure, page: Path) -> bool:
    """Tell whether a page has the stated number outside of its block as well."""
    text = page.read_text(encoding="utf-8")
    return f"{figure.stated:g}" in _BLOCK.sub("", text)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each block and what it holds."""
    for found in _BLOCK.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1]
