"""The command that trains and compares.

Little is imported before something is asked for: Ctrl-C in that time could only be a traceback.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from recbole_opal.errors import INTERRUPTED, OpalError, TrainingError

if TYPE_CHECKING:
    from recbole_opal.settings.commandline import Request

__all__ = ["console", "main"]

_STOPS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its last line on standard output is `run folder: PATH`.

    Of a comparison it is `comparison folder: PATH`.

    Args:
        argv: the arguments without the program's name; None reads those of the process.

    Returns:
        0, or the `exit_code` of the error (2: the settings or the data, 1: the training, also of
        one run of a comparison), or 130 after Ctrl-C. An error is one line on standard error.
    """
    from recbole_opal import commands
    from recbole_opal.host import require_recbole
    from recbole_opal.settings.commandline import parse_arguments
    from recbole_opal.settings.help import help_text
    from recbole_opal.settings.paths import require_folder

    arguments = sys.argv[1:] if argv is None else list(argv)
    if commands.names_command(arguments):  # `recbole-opal convert ...`
        return commands.main(arguments)
    if {"--help", "-h"} & set(arguments):
        print(help_text())
        return 0
    if "--version" in arguments:
        print(f"recbole-opal {_version()}")
        return 0
    try:
        require_folder()
        request = parse_arguments(arguments)
        require_recbole()
        return _compare(request, arguments) if request.compares else _run(request)
    except OpalError as error:
        return commands.tell(error)
    except KeyboardInterrupt as interrupt:
        print(_how_to_go_on(interrupt), file=sys.stderr)
        return INTERRUPTED


def console(action: Callable[[], int] = main) -> None:
    """Run a command and end the process with its exit code.

    SIGTERM and SIGHUP, by which a scheduler or a closed terminal stops it, count as Ctrl-C.

    Args:
        action: reads the arguments of the process.
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
        print(
            f"error: cannot write the output: {error.strerror}; free the disk that standard output "
            "leads to. What the run itself wrote is whole.",
            file=sys.stderr,
        )
        code = OpalError.exit_code
    except KeyboardInterrupt:  # before or after the part that tells how to go on
        print("interrupted; give the same command again.", file=sys.stderr)
        code = INTERRUPTED
    if code == INTERRUPTED:
        # To take torch down in good order is seconds that somebody waits; all is written by now.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _open_streams() -> None:
    """Lead streams that the caller closed nowhere, so that no file of ours takes their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _give_output_up() -> None:
    """Lead standard output nowhere: Python flushes once more at its end, which must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _run(request: Request) -> int:
    # Imported only now: a mistyped argument is told at once, without waiting for torch and RecBole.
    from rich.console import Console

    from recbole_opal.experiment import run_request
    from recbole_opal.reporting.interests import interests_table
    from recbole_opal.reporting.table import result_table

    result = run_request(request)
    screen = Console()
    part = "test" if "test" in result.stages[result.best_stage] else "valid"
    screen.print(result_table(result.stages, result.best_stage, part))
    interests = interests_table(result.stages)
    if interests is not None:
        screen.print(interests)
    # Not through rich, which would wrap a long path.
    print(f"run folder: {result.folder}")
    return 0


def _compare(request: Request, arguments: Sequence[str]) -> int:
    from rich.console import Console

    from recbole_opal.comparison.table_formats import on_screen
    from recbole_opal.process.program import command
    from recbole_opal.side_by_side.compare import compare_request

    line = command(*arguments)
    try:
        result = compare_request(request, line)
    except KeyboardInterrupt as interrupt:
        interrupt.command = line  # type: ignore[attr-defined]
        raise
    screen = Console()
    for part in on_screen(result):
        screen.print(part)
    if result.failed:
        labels = ", ".join(row.label for row in result.failed)
        print(f"error: runs failed: {labels}; the same command tries them again.", file=sys.stderr)
    print(f"comparison folder: {result.folder}")
    return TrainingError.exit_code if result.failed else 0


def _how_to_go_on(interrupt: KeyboardInterrupt) -> str:
    """Say how a stopped run is continued; the trainer hangs its folder on the exception."""
    from recbole_opal.process.program import command

    line = getattr(interrupt, "command", None)
    if line is not None:
        return f"interrupted; the same command goes on: {line}"
    folder = getattr(interrupt, "folder", None)
    if folder is None:
        return "interrupted before anything was saved; give the same command again."
    return f"interrupted; continue with: {command(f'--resume={folder}')}"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("recbole-opal")
    except PackageNotFoundError:
        return "(a checkout that is not installed)"
