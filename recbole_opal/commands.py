"""`python -m recbole_opal COMMAND`: everything this package does from a shell."""

import errno
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from recbole_opal.errors import INTERRUPTED, DataError, OpalError, SettingsError
from recbole_opal.process.program import command, require_folder
from recbole_opal.settings.grammar import refuse_unreadable
from recbole_opal.suggest import did_you_mean

__all__ = ["COMMANDS", "answer", "main", "names_command", "tell"]

# The module of each command has a `main(argv) -> int`; it is imported when the command is given.
COMMANDS = {
    "run": ("recbole_opal.cli", "train and evaluate, or compare; also the default"),
    "convert": ("recbole_opal.conversion.convert_command", "make a data set of a raw log"),
    "describe": ("recbole_opal.conversion.describe_command", "say what a data set holds"),
    "synthesize": ("recbole_opal.conversion.synthesize_command", "draw a data set of any size"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: the command's name and its arguments, or the arguments of `run` alone; None reads
            those of the process.

    Returns:
        The exit code: 0, 2 after a mistake in settings or data, 1 after a failed training, 130
        after Ctrl-C.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    name = arguments[0] if names_command(arguments) else None
    if arguments[:1] in (["--help"], ["-h"]):
        print(_help())
        return 0
    if name is not None and name not in COMMANDS:
        known = ", ".join(COMMANDS)
        hint = did_you_mean(name, COMMANDS) or f"; choose from {known}."
        return tell(SettingsError(f"'{name}' is not a command{hint}"))
    module, _ = COMMANDS[name or "run"]
    try:
        code: int = import_module(module).main(arguments[1:] if name else arguments)
    except KeyboardInterrupt:
        print(
            "interrupted; nothing has been written, give the same command again.", file=sys.stderr
        )
        return INTERRUPTED
    return code


def names_command(argv: Sequence[str]) -> bool:
    """Tell whether the first argument is a command's name, known or not, and no flag.

    Args:
        argv: the arguments.
    """
    return bool(argv) and re.fullmatch(r"[^\W\d]\w*", argv[0]) is not None


def answer(argv: Sequence[str], explain: Callable[[], str], action: Callable[[], None]) -> int:
    """Do what a command is for, or explain it; an error becomes one line on standard error.

    Args:
        argv: what stands behind the command's name; `--help` or `-h` asks for the explanation.
        explain: returns the text of the explanation.
        action: raises `OpalError` where it cannot go on, or finds a path too long to be looked up.

    Returns:
        0, or the `exit_code` of the error.
    """
    if {"--help", "-h"} & set(argv):
        print(explain())
        return 0
    try:
        require_folder()
        for argument in argv:
            refuse_unreadable(argument)
        action()
    except OpalError as error:
        return tell(error)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return tell(DataError(f"the path {error.filename} is too long; shorten it."))
    return 0


def tell(error: OpalError) -> int:
    """Print an error as one line on standard error.

    Args:
        error: what a user can mend.

    Returns:
        Its `exit_code`.
    """
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


def _help() -> str:
    program = command(name="COMMAND")
    lines = [f"usage: {program} [--key=value ...]", ""]
    lines += [f"  {name:<12}{meaning}" for name, (_, meaning) in COMMANDS.items()]
    lines += ["", f"Each command explains itself: {program} --help"]
    return "\n".join(lines)
