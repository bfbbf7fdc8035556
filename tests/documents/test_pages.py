"""Each code block of README and docs/, and each notebook, is run as written, on small data."""

import shutil
import sys

import pytest

from tests.documents.blocks import Block, blocks_of, pages
from tests.documents.notebooks import notebooks, program_of
from tests.documents.small_world import (
    World,
    free_port,
    quick_python,
    replaced,
    run_bash,
    run_python,
    write_libraries,
    write_real_world,
    write_world,
)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("bash") is None,
    reason="the commands run in bash, in forks of one process that Linux can wait for",
)
OWN_TEST = {"docs/vector-stores.md"}  # tests/exporting/test_vector_stores.py


@pytest.fixture(scope="session")
def libraries(tmp_path_factory):
    return write_libraries(tmp_path_factory.mktemp("libraries"))


@pytest.fixture(scope="session")
def programs(tmp_path_factory, libraries):
    with quick_python(tmp_path_factory.mktemp("quick"), libraries) as folder:
        yield folder


@pytest.fixture
def world(tmp_path, libraries, programs) -> World:
    return write_world(tmp_path, libraries, programs)


def run_page(blocks: list[Block], world: World, marks: set[str]) -> int:
    """Run the blocks of a page whose mark is among these, in order; return how many."""
    port, count = free_port(), 0
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if not block.is_code or block.mark not in marks:
            continue
        count += 1
        text = replaced(block.text, port)
        if block.title:
            (world.folder / block.title).write_text(text, encoding="utf-8")
        elif block.kind == "bash":
            said = run_bash(text, world, code=2 if block.mark == "fails" else 0)
            if block.mark == "fails":
                assert after is not None
                assert after.text in said
        else:
            run_python(text, world)
    return count


def _with_blocks(marks: set[str]) -> list[str]:
    return [
        name
        for name, path in pages().items()
        if name not in OWN_TEST
        and any(
            block.is_code and block.mark in marks
            for block in blocks_of(path.read_text(encoding="utf-8"))
        )
    ]


@pytest.mark.parametrize("name", _with_blocks({"", "fails"}))
def test_the_blocks_of_a_page_run(name, world):
    blocks = blocks_of(pages()[name].read_text(encoding="utf-8"))
    assert run_page(blocks, world, {"", "fails"})


@pytest.mark.slow
@pytest.mark.parametrize("name", _with_blocks({"slow"}))
def test_the_slow_blocks_of_a_page_run(name, world):
    blocks = blocks_of(pages()[name].read_text(encoding="utf-8"))
    # Those before it, which it may build on, are run too.
    assert run_page(blocks, world, {"", "slow"})


@pytest.mark.slow
@pytest.mark.parametrize("name", _with_blocks({"real"}))
def test_the_blocks_of_a_page_on_real_data_run(name, tmp_path):
    blocks = blocks_of(pages()[name].read_text(encoding="utf-8"))
    assert run_page(blocks, write_real_world(tmp_path), {"real"})


@pytest.mark.parametrize("name", notebooks())
def test_the_cells_of_a_notebook_run(name, world):
    run_python(replaced(program_of(notebooks()[name]), free_port()), world)
