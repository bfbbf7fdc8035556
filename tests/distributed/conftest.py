"""Processes as torchrun starts them, without its supervision.

They are forked, so that none has to load torch and RecBole again.
"""

import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Started:
    """A process that does its part."""

    number: int
    folder: Path
    code: int | None = None

    def ended(self):
        """Tell whether it has ended; its code is then known."""
        if self.code is None:
            number, status = os.waitpid(self.number, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if number else None
        return self.code is not None

    def wait(self, seconds=600):
        """Return its exit code."""
        deadline = time.monotonic() + seconds
        while not self.ended():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.01)
        return self.code

    def said(self):
        """Return what it wrote to standard output and to standard error."""
        return tuple((self.folder / name).read_text() for name in ("stdout", "stderr"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def work(action, folder, variables):
    """Be a process: its code is what the action returns."""
    code = 70
    try:
        os.environ.update(variables)
        os.chdir(folder)
        for number, name in enumerate(("stdout", "stderr"), start=1):
            stream = open(name, "w", buffering=1)  # noqa: SIM115, PTH123 until the process ends
            os.dup2(stream.fileno(), number)
            setattr(sys, name, stream)
        code = action()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@pytest.fixture
def start_processes(tmp_path_factory):
    """Return what starts an action in so many processes; those left at the end are killed."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    started = []

    def make(number, action):
        common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        found = []
        for rank in range(number):
            own = {"WORLD_SIZE": str(number), "RANK": str(rank), "LOCAL_RANK": str(rank)}
            folder = tmp_path_factory.mktemp("process")
            forked = os.fork()
            if forked == 0:
                work(action, folder, common | own)
            found.append(Started(forked, folder))
        started.extend(found)
        return found

    yield make
    for process in started:
        if not process.ended():
            os.kill(process.number, 9)
            process.wait()
