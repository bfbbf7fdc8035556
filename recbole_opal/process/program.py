"""The program by the name that its user called it by, for every command that we print."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from recbole_opal.distributed.launch import launched
from recbole_opal.errors import SettingsError

__all__ = ["command", "installation", "python", "require_folder"]

_SCRIPT = "run_opal.py"
_INSTALLED = "recbole-opal"
_PACKAGE = "recbole_opal"
_WINDOWS = os.name == "nt"  # its shells know no single quotes


def command(*arguments: str, name: str = "run") -> str:
    """Return a command line that works where the process was started, ready to be pasted.

    It begins as the user began: `python run_opal.py`, `recbole-opal` or `python -m recbole_opal
    run`; where torchrun started it, what trains stands behind torchrun. Where Python code called us
    and there is nothing to go by, it is the script, if it stands in this folder, or the package.
    """
    here = ["python", _SCRIPT] if Path(_SCRIPT).is_file() else ["python", "-m", _PACKAGE]
    words = _called_as() or here
    # All but the package's name alone train where no command is named.
    if name != "run" or words[-2:] == ["-m", _PACKAGE]:
        words = [*words, name]
    return _line([*(_launched(words) if name == "run" else words), *arguments])


def installation(extra: str) -> str:
    """Return the command that installs an extra of pyproject.toml for this interpreter."""
    return f'{_line([_interpreter()])} -m pip install "{_INSTALLED}[{extra}]"'


def python(code: str) -> str:
    """Return the command line that runs a line of Python, ready to be pasted."""
    return _line([_interpreter(), "-c", code])


def _line(words: list[str]) -> str:
    """Return a command line that the system's shell takes apart into these words."""
    return subprocess.list2cmdline(words) if _WINDOWS else shlex.join(words)


def require_folder() -> None:
    """Refuse a working folder that was deleted: libraries cannot even be loaded without it."""
    try:
        os.getcwd()  # noqa: PTH109, the same call without a Path around it
    except OSError as error:
        raise SettingsError(
            f"the folder in which this was started is gone ({error.strerror}); `cd` to one that is "
            "there and start again."
        ) from error


def _launched(words: list[str]) -> list[str]:
    """Return the words with torchrun before them, where it started this process among others."""
    launch = launched()
    if launch is None:
        return words
    several = ["torchrun", f"--nproc-per-node={launch.on_each_host}"]
    # torchrun starts Python itself; what is no script and no module must be said to be none.
    return [*several, *(words[1:] if words[1:] else ["--no-python", *words])]


def _called_as() -> list[str] | None:
    """Return the words that started the process, None if it is not one of our programs."""
    called = Path(sys.argv[0]).name if sys.argv else ""
    if called in (_INSTALLED, f"{_INSTALLED}.exe"):
        return [_INSTALLED if _is_on_path(sys.argv[0]) else sys.argv[0]]
    python = _interpreter()
    module = getattr(sys.modules["__main__"], "__spec__", None)
    if module is not None and module.name.partition(".")[0] == _PACKAGE:
        return [python, "-m", _PACKAGE]
    return [python, sys.argv[0]] if called == _SCRIPT else None


def _interpreter() -> str:
    """Return what was typed, or `python` where that is the same: both find our packages."""
    typed, usual = sys.orig_argv[0], shutil.which("python")
    return "python" if usual is not None and Path(usual) == Path(typed).absolute() else typed


def _is_on_path(program: str) -> bool:
    found = shutil.which(_INSTALLED)
    # Windows tells it without its .exe, in letters of any case.
    known, called = (os.path.normcase(Path(each).resolve()) for each in (found or "", program))
    return found is not None and known.removesuffix(".exe") == called.removesuffix(".exe")
