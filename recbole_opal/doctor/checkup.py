"""The self-test seen from outside: what each step said, also where its process died of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import recbole_opal
from recbole_opal.doctor.self_test import MARK, STEPS

__all__ = ["COMMAND", "Finding", "check_up"]

COMMAND = [sys.executable, "-m", "recbole_opal.doctor.self_test"]
_PATIENCE = 300.0  # seconds, of which ten are usual; an import that hangs has no end


@dataclass(frozen=True)
class Finding:
    """What a step of the self-test came to."""

    step: str
    ok: bool
    told: str


def check_up(patience: float = _PATIENCE) -> Iterator[Finding]:
    """Yield what each step comes to, as soon as it is known; the first that is not known ends."""
    home = str(Path(recbole_opal.__file__).resolve().parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}
    left = list(STEPS)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603, our own module
            [*COMMAND, scratch],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(os.environ) | variables,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        clock = threading.Timer(patience, process.kill)
        clock.start()
        try:
            for line in process.stdout or ():
                if line.startswith(MARK):
                    finding = Finding(**json.loads(line.removeprefix(MARK)))
                    left.remove(finding.step)
                    yield finding
                if not left:  # to take torch down in good order is seconds that somebody waits
                    break
            else:
                process.wait()  # it has ended early; the clock goes on
        finally:
            late = not clock.is_alive()
            clock.cancel()
            process.kill()
        code = process.wait()
        if left:
            errors.seek(0)
            last = errors.read().decode("utf-8", errors="replace").strip().rpartition("\n")[2]
            why = f"did not end within {patience:.0f} s" if late else f"ended with code {code}"
            yield Finding(left[0], False, f"its process {why}{f': {last}' if last else ''}")
