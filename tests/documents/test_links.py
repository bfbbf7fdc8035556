"""Links between README, docs/ and results/ lead to files and headings that are there."""

import re
from pathlib import Path

import pytest

from tests.documents.blocks import ROOT, pages

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_EXTERNAL = ("http://", "https://", "mailto:")
PAGES = pages() | {
    path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "results").rglob("*.md"))
}


def without_code(text: str) -> str:
    """Return a page without its blocks, in which brackets are no links."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Return the names that a forge and mkdocs give to the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.strip().replace(" ", "-") for head in kept}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    path = PAGES[name]
    links = _LINK.findall(without_code(path.read_text(encoding="utf-8")))
    broken = []
    for link in links:
        if link.startswith(_EXTERNAL):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place) if place else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_readme_is_short_and_opens_with_a_picture_and_code():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= 290
    picture, code = text.index("![", 0, 2500), text.index("```python")
    assert picture < code < text.index("## When to use this, and when not") < text.index("## Start")


def test_every_page_is_in_the_site_and_in_readme():
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [name.removeprefix("docs/") for name in pages() if name != "README.md"]
    assert [name for name in names if not re.search(rf"\b{name}$", site, re.MULTILINE)] == []
    assert [name for name in names if f"(docs/{name}" not in readme] == ["index.md"]


def test_every_public_name_is_in_the_api():
    import recbole_opal

    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"^::: recbole_opal\.(\w+)$", api, re.MULTILINE)
    assert sorted(listed) == sorted(recbole_opal.__all__)


def test_every_room_is_in_the_layout_of_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    layout = readme[readme.index("## Layout") : readme.index("## Limits")]
    rooms = [path.parent.name for path in (ROOT / "recbole_opal").glob("*/__init__.py")]
    assert [room for room in rooms if f"`{room}`" not in layout] == []
