"""One run in a process of its own: `python -m recbole_opal.comparison.worker`.

It reads one line of JSON from standard input (`{"model", "dataset", "settings"}`, or `{"resume",
"settings"}`), trains, and writes `run folder: PATH` as its last line on standard output. Standard
input stays open: when it closes, whoever asked has gone, and the run stops as after Ctrl-C, with
its last state saved. So nothing goes on in secret, even after the asking process was killed.
"""

import json
import os
import signal
import sys
import threading
from typing import Any

from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.program import command

__all__ = ["main"]

INTERRUPTED = 130
_BLOCK = 1 << 16


def main() -> int:
    """Do the one run; return 0, the error's exit code, or 130 when it was stopped."""
    try:
        job = json.loads(_first_line())
    except ValueError:
        print(
            f"error: the worker reads one line of JSON; start runs by `{command()}`.",
            file=sys.stderr,
        )
        return SettingsError.exit_code
    # A shell that starts a command in the background has it ignore this signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=_stop_when_alone, daemon=True).start()
        folder = _run(job)
    except OpalError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: stopped; the same command goes on.", file=sys.stderr)
        return INTERRUPTED
    print(f"run folder: {folder}")
    return 0


def _run(job: dict[str, Any]) -> Any:
    # Imported only now, when the watch over standard input has begun: it takes seconds.
    from recbole_opal.experiment import resume, run

    if "resume" in job:
        return resume(job["resume"], **job["settings"]).folder
    return run(job["model"], job["dataset"], **job["settings"]).folder


def _first_line() -> bytes:
    """Read up to the end of a line, unbuffered, so that the watch sees whatever follows."""
    line = b""
    while not line.endswith(b"\n"):
        block = os.read(0, _BLOCK)
        if not block:
            break
        line += block
    return line


def _stop_when_alone() -> None:
    while os.read(0, _BLOCK):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
