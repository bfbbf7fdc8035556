"""The notebooks, as the program that a reader runs cell by cell."""

import json
from pathlib import Path
from typing import Any

from tests.documents.blocks import ROOT

_TO_FILE = "%%writefile "


def notebooks() -> dict[str, Path]:
    """Return the notebooks by their names."""
    return {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}


def cells_of(path: Path, kind: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook that are code or text."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


def program_of(path: Path) -> str:
    """Return all code cells as one program; a cell that is a file writes it."""
    return "\n\n".join(_statement("".join(cell["source"])) for cell in cells_of(path, "code"))


def _statement(source: str) -> str:
    first, _, rest = source.partition("\n")
    if first.startswith(_TO_FILE):
        name = first.removeprefix(_TO_FILE).strip()
        return f"__import__('pathlib').Path({name!r}).write_text({rest!r})"
    return source
