"""The house: RecBole is imported in one package, and a room imports only rooms on lower floors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOORS = [
    ["errors", "suggest", "precision", "version"],
    ["distributed"],
    ["process"],
    ["statistics", "runs", "own_models"],
    ["retrieval"],
    ["settings", "batches", "console", "reranking", "sql"],
    ["interests", "losses"],
    ["models", "data", "evaluation"],
    ["training", "serving", "tables", "tracking"],
    ["host", "conversion"],
    ["experiment", "comparison", "exporting", "recommending", "verification"],
    ["tuning", "report", "testing"],
    ["side_by_side"],
    ["studies"],
    [
        "description",
        "doctor",
        "help",
        "index_report",
        "run_list",
        "server",
        "synthesis",
    ],
    ["cli"],
    ["__init__", "__main__"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
LIGHT = (
    "statistics",
    "runs",
    "settings",
    "retrieval",
    "interests",
    "losses",
    "batches",
    "distributed",
    "models",
    "reranking",
    "server",
)


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file of the package with the room it stands in."""
    package = root / "recbole_opal"
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).parts[0].removesuffix(".py"), path


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of each module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "recbole_opal":
            yield from (f"recbole_opal.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def library(name: str) -> str:
    return name.partition(".")[0]


def test_every_room_has_a_floor(root):
    assert {room for room, _ in modules(root)} == set(FLOOR)


def test_recbole_is_imported_in_one_package(root):
    strangers = [
        str(path)
        for room, path in modules(root)
        if room != "host" and "recbole" in map(library, imported(path))
    ]
    assert strangers == []


def test_what_serves_a_trained_model_imports_no_pandas(root):
    strangers = [
        str(path)
        for room, path in modules(root)
        if room in LIGHT and "pandas" in map(library, imported(path))
    ]
    assert strangers == []


@pytest.mark.parametrize("room", sorted(set(FLOOR) - {"__init__", "__main__"}))
def test_no_room_imports_one_above_or_beside_it(root, room):
    upwards = [
        f"{path.name} -> {name}"
        for own, path in modules(root)
        if own == room
        for name in imported(path)
        if library(name) == "recbole_opal" and "." in name
        for other in [name.split(".")[1]]
        if other != room and FLOOR.get(other, FLOOR["__init__"]) >= FLOOR[room]
    ]
    assert upwards == []
