"""What a command owes the shell: streams, signals, errors of one line, exit codes."""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence

from recbole_opal.distributed.launch import launched
from recbole_opal.errors import INTERRUPTED, DataError, OpalError
from recbole_opal.process.program import require_folder

__all__ = ["answer", "asks_for_help", "end_process", "tell"]

# A scheduler's, a closed terminal's, and on Windows that of a closed window or Ctrl-Break.
_STOPS = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def end_process(action: Callable[[], int]) -> None:
    """Run a command and end the process with its exit code.

    SIGTERM and SIGHUP, by which a scheduler or a closed terminal stops it, count as Ctrl-C.
    """
    _open_streams()
    for stop in _STOPS:
        if signal.getsignal(stop) is signal.SIG_DFL:  # `nohup` has them ignored
            signal.signal(stop, _interrupt)
    try:
        code = action()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output, for example `head`, has gone: nothing is left to be told.
        _give_output_up()
        code = 1
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _give_output_up()
        code = tell(
            OpalError(
                f"cannot write the output: {error.strerror}; free the disk that standard output "
                "leads to. What the run itself wrote is whole."
            )
        )
    except KeyboardInterrupt:  # before or after the part that tells how to go on
        print("interrupted; give the same command again.", file=sys.stderr)
        code = INTERRUPTED
    if code == INTERRUPTED or (code and launched() is not None):
        # To take torch down in good order is seconds that somebody waits; all is written by now.
        # Of several processes one that has failed makes torchrun end the others meanwhile.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def answer(
    argv: Sequence[str], explain: Callable[[], str], action: Callable[[], int | None]
) -> int:
    """Do what a command is for, or explain it; an error becomes one line on standard error."""
    try:
        if asks_for_help(argv):
            print(explain())
            return 0
        require_folder()
        return action() or 0
    except OpalError as error:
        return tell(error)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return tell(DataError(f"the path {error.filename} is too long; shorten it."))


def asks_for_help(argv: Sequence[str]) -> bool:
    """Tell whether `--help`, `-h` or `--help=TOPIC` is among the arguments."""
    return any(word in ("--help", "-h") or word.startswith("--help=") for word in argv)


def tell(error: OpalError) -> int:
    """Print an error as one line on standard error and return its exit code.

    Of several processes the first one speaks; another one if the error is its own.
    """
    launch = launched()
    if launch is None or launch.rank == 0:
        print(f"error: {error}", file=sys.stderr)
    elif not getattr(error, "said", True):
        print(f"error in process {launch.rank}: {error}", file=sys.stderr)
    return error.exit_code


def _open_streams() -> None:
    """Lead streams that the caller closed nowhere, so that no file of ours takes their number.

    What an encoding lacks, as that of a Windows pipe lacks most names of items, is shown as an
    escape sequence instead of ending the command.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _give_output_up() -> None:
    """Lead standard output nowhere: Python flushes once more at its end, which must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
