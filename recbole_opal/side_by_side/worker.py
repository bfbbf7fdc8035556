"""One run in a process of its own: `python -m recbole_opal.side_by_side.worker`.

It reads one line of JSON from standard input (`{"model", "dataset", "settings"}`, or `{"resume",
"settings"}`), trains with as many threads as OMP_NUM_THREADS says, and writes `run folder: PATH` as
its last line on standard output. Standard input stays open: when it closes, whoever asked has gone,
and the run stops as after Ctrl-C, with its last state saved. So nothing goes on in secret, even
after the asking process was killed. A run that does not heed within two seconds is ended as by a
kill, which every file survives; so is one that has not begun yet, at once.
"""

import json
import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from typing import Any, NoReturn

from recbole_opal.errors import INTERRUPTED, OpalError, SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import tell

__all__ = ["FOLDER", "THREADS", "main"]

FOLDER = "run folder: "
"""What the last line begins with."""
THREADS = "OMP_NUM_THREADS"
"""The variable that the number of threads stands in."""
_STOPPED = b"error: stopped; the same command goes on.\n"
_BLOCK = 1 << 16
_PATIENCE = 2.0  # seconds that a run has to end by itself


def main() -> int:
    """Do the one run; return 0, the error's exit code, or 130 when it was stopped."""
    try:
        job = json.loads(_first_line())
    except ValueError:
        return tell(
            SettingsError(f"the worker reads one line of JSON; start runs by `{command()}`.")
        )
    # A shell that starts a command in the background has it ignore this signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    begun = threading.Event()
    try:
        threading.Thread(target=_stop_when_alone, args=[begun], daemon=True).start()
        folder = _run(job, begun)
    except OpalError as error:
        return tell(error)
    except KeyboardInterrupt:
        _end()
    print(f"{FOLDER}{folder}")
    return 0


def _run(job: dict[str, Any], begun: threading.Event) -> Any:
    # Imported only now, when the watch over standard input has begun: it takes seconds.
    import torch

    from recbole_opal.experiment import resume, run

    # Torch by itself takes the physical cores at most; a run's origin names what was asked for.
    torch.set_num_threads(int(os.environ[THREADS]))
    begun.set()
    if "resume" in job:
        return resume(job["resume"], **job["settings"]).folder
    return run(job["model"], job["dataset"], **job["settings"]).folder


def _first_line() -> bytes:
    """Read up to the end of a line, unbuffered, so that the watch sees whatever follows."""
    line = b""
    while not line.endswith(b"\n") and (block := os.read(0, _BLOCK)):
        line += block
    return line


def _stop_when_alone(begun: threading.Event) -> None:
    while os.read(0, _BLOCK):
        pass
    if begun.is_set():
        interrupt_main()  # a signal to ourselves would end us on Windows, with nothing saved
        time.sleep(_PATIENCE)
    _end()  # still here: in an import, which may swallow an interrupt, or in a call of a library


def _end() -> NoReturn:
    """End at once: to take torch down in good order is one or two seconds that somebody waits."""
    sys.stderr.flush()
    os.write(2, _STOPPED)
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
