"""Processes as torchrun starts them, without its supervision."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(number, *command, **options):
    """Start Python that often, with the variables by which processes find each other."""
    places = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    common |= {"WORLD_SIZE": str(number), "OMP_NUM_THREADS": "1"}
    common |= {"PYTHONPATH": os.pathsep.join(places)}
    return [
        subprocess.Popen(
            [sys.executable, *command],
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        for rank in range(number)
    ]


@pytest.fixture(scope="module")
def start_processes():
    """Return what starts processes; those that are left at the end are killed."""
    started = []

    def make(number, *command, **options):
        processes = start(number, *map(str, command), **options)
        started.extend(processes)
        return processes

    yield make
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
