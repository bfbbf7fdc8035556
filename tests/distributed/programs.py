"""Programs that are started together, each with TorchRec loaded anew: it is not to be forked."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_together(number, folder, *command):
    """Run Python with a command so many times, with torchrun's variables; all must succeed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    places = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    common = {"WORLD_SIZE": str(number), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    common |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, places))}
    started = [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(number)
    ]
    try:
        told = [process.communicate(timeout=600)[0] for process in started]
        assert [process.returncode for process in started] == [0] * number, told
    finally:
        for process in started:
            process.kill()
