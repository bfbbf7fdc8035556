"""A line of a run stands once on the terminal and in the file, whatever the application set up."""

import io
import logging
import logging.handlers
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest
from rich.console import Console
from rich.logging import RichHandler

from recbole_opal.console import TrainingProgress
from recbole_opal.console.run_log import run_log

OWN = logging.getLogger("recbole_opal")
ROOT = logging.getLogger()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal():
    return Terminal()


@pytest.fixture
def opened(tmp_path, terminal):
    """Open the log of a run; what is logged in the block ends up in its file."""

    def open_log(name="run", level="INFO"):
        folder = tmp_path / name
        folder.mkdir()
        console = Console(file=terminal, force_terminal=False)
        return run_log(folder, TrainingProgress(console=console), level)

    return open_log


@pytest.fixture
def use():
    """Give a logger a handler or other values for the time of a test."""
    with ExitStack() as stack:

        def prepare(logger, *handlers, **values):
            for handler in handlers:
                logger.addHandler(handler)
                stack.callback(logger.removeHandler, handler)
            for name, value in values.items():
                stack.callback(setattr, logger, name, getattr(logger, name))
                setattr(logger, name, value)

        yield prepare


def buffered(stream):
    return logging.handlers.MemoryHandler(1, target=logging.StreamHandler(stream))


def rich_handler(stream):
    return RichHandler(console=Console(file=stream, force_terminal=False, width=200))


def at_warning(stream):
    handler = logging.StreamHandler(stream)
    handler.setLevel("WARNING")
    return handler


MAKERS = [logging.StreamHandler, buffered, rich_handler, at_warning]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("logger", [ROOT, OWN], ids=["root", "ours"])
def test_a_line_is_shown_once(make, logger, opened, terminal, use, tmp_path):
    use(logger, make(terminal))
    with opened():
        OWN.info("stage=soft")
        logging.getLogger("recbole_opal.process.rng").warning("generators")
        ROOT.warning("of RecBole")
    for line in ("stage=soft", "generators", "of RecBole"):
        assert terminal.getvalue().count(line) == 1, line
        assert (tmp_path / "run" / "run.log").read_text().count(line) == 1, line


@pytest.mark.parametrize(
    "values", [{}, {"propagate": False}, {"disabled": True}, {"level": logging.CRITICAL}]
)
def test_our_logger_speaks_however_it_was_set_up_and_is_as_before(
    values, opened, terminal, use, tmp_path
):
    use(OWN, logging.NullHandler(), **values)
    before = OWN.level, OWN.propagate, OWN.disabled, OWN.handlers[:], ROOT.level, ROOT.handlers[:]
    with opened():
        OWN.info("stage=soft")
    after = OWN.level, OWN.propagate, OWN.disabled, OWN.handlers[:], ROOT.level, ROOT.handlers[:]
    assert before == after
    assert terminal.getvalue() == "stage=soft\n"
    assert "stage=soft" in (tmp_path / "run" / "run.log").read_text()


def test_what_is_no_terminal_gets_the_lines_beside_it(opened, terminal, use, tmp_path, caplog):
    kept = io.StringIO()
    use(ROOT, logging.StreamHandler(kept), logging.FileHandler(tmp_path / "host.log"))
    with opened():
        OWN.info("stage=soft")
    assert terminal.getvalue() == kept.getvalue() == "stage=soft\n"
    assert (tmp_path / "host.log").read_text() == "stage=soft\n"
    assert "stage=soft" in caplog.text


def test_the_level_is_that_of_the_run(opened, terminal, tmp_path):
    with opened(level="WARNING"):
        OWN.info("quiet")
        OWN.warning("loud")
    assert terminal.getvalue() == "loud\n"
    assert "quiet" not in (tmp_path / "run" / "run.log").read_text()


def test_a_run_inside_another_takes_its_own_lines(opened, terminal, tmp_path):
    with opened("outer"):
        OWN.info("one")
        with opened("inner", "ERROR"):
            OWN.error("two")
        OWN.info("three")
    assert terminal.getvalue() == "one\ntwo\nthree\n"
    assert "two" not in (tmp_path / "outer" / "outer.log").read_text()
    assert "three" not in (tmp_path / "inner" / "inner.log").read_text()


def test_runs_in_two_threads_keep_apart_and_leave_nothing_behind(opened, terminal, tmp_path):
    before = OWN.level, ROOT.handlers[:]
    both_open, first_closed = threading.Barrier(2), threading.Event()

    def first():
        with opened("first"):
            both_open.wait()
            OWN.info("of the first")
        first_closed.set()

    def second():
        with opened("second", "WARNING"):
            both_open.wait()
            first_closed.wait()
            OWN.info("too quiet")
            OWN.warning("of the second")

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(terminal.getvalue().splitlines()) == ["of the first", "of the second"]
    assert "second" not in (tmp_path / "first" / "first.log").read_text()
    assert "first" not in (tmp_path / "second" / "second.log").read_text()
    assert (OWN.level, ROOT.handlers[:]) == before


HOST = """
import logging, threading
from pathlib import Path
from recbole_opal.console import TrainingProgress
from recbole_opal.console.run_log import run_log
Path("run").mkdir()
{setup}
with run_log(Path("run"), TrainingProgress(), "INFO"):
    other = threading.Thread(target=logging.getLogger("host").warning, args=("of the host",))
    other.start()
    other.join()
    logging.getLogger("recbole_opal").info("of the run")
print(Path("run/run.log").read_text())
"""


SETUPS = [
    "",
    "logging.basicConfig()",
    "logging.basicConfig(level=logging.DEBUG)",
    "from absl import logging as absl; absl.use_absl_handler()",
]


@pytest.mark.parametrize("setup", SETUPS)
def test_what_another_thread_logs_is_shown_once_and_is_no_line_of_the_run(setup, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HOST.format(setup=setup)],
        check=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert [done.stderr.count(line) for line in ("of the run", "of the host")] == [1, 1]
    assert [done.stdout.count(line) for line in ("of the run", "of the host")] == [1, 0]
