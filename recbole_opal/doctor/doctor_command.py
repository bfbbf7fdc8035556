"""The command `doctor`: what is here, what does not go together, and does it work."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from time import monotonic

from recbole_opal.errors import SettingsError
from recbole_opal.process.cores import usable_cores
from recbole_opal.process.program import command, installation
from recbole_opal.process.shell import answer
from recbole_opal.suggest import did_you_mean
from recbole_opal.version import __version__

__all__ = ["main"]

_QUICK = "--quick"
_TO_TELL = ("packaging", "rich")  # what the telling itself needs
# What an extra cannot bring: torchrec itself asks for the GPU build of fbgemm.
_AND_THEN = {"torchrec": "pip install --no-deps torchrec==1.8.0"}


def main(argv: Sequence[str]) -> int:
    """Run `doctor`; the code is 0, 1 if something is to be mended, or 2 after a wrong flag."""
    return answer(argv, _help, lambda: _examine(argv))


def _examine(argv: Sequence[str]) -> int:
    unknown = next((word for word in argv if word != _QUICK), None)
    if unknown is not None:
        hint = did_you_mean(unknown.removeprefix("--"), ["quick"], "--") or f"; it has {_QUICK}."
        raise SettingsError(f"{unknown} is not a flag of doctor{hint}")
    for name in _TO_TELL:
        try:
            import_module(name)
        except ImportError as error:
            raise SettingsError(
                f"doctor itself needs {name} ({error}); install with `pip install {name}`."
            ) from error
    print(
        f"recbole-opal {__version__}, Python {platform.python_version()} ({sys.executable}), "
        f"{platform.system()} {platform.machine()}, {usable_cores()} cores"
    )
    problems = [*_tell_packages(), *_tell_pairs()]
    if _QUICK not in argv:
        problems += _tell_checkup()
    print(f"to mend: {', '.join(problems)}" if problems else "all is well")
    return 1 if problems else 0


def _tell_packages() -> list[str]:
    """Print what is installed; return the names of what is missing or does not fit."""
    from rich.markup import escape
    from rich.table import Table

    from recbole_opal.console.screen import screen
    from recbole_opal.doctor.packages import extras, packages

    table = Table(title="packages")
    for name in ("package", "installed", "needed", ""):
        table.add_column(name, overflow="fold")
    found = packages()
    for each in found:
        state = "[green]ok[/]" if not each.problem else f"[bold red]{each.problem}[/]"
        table.add_row(each.name, each.version or "-", each.needed, state)
    optional = Table(title="extras")
    for name in ("extra", "state", "to get it"):
        optional.add_column(name, overflow="fold")
    for extra, parts in extras().items():
        lacks = ", ".join(each.name for each in parts if each.problem)
        state = f"lacks {lacks}" if lacks else "[green]here[/]"
        way = " && ".join([installation(extra), *_AND_THEN.get(extra, "").splitlines()])
        optional.add_row(extra, state, escape(way) if lacks else "")
    for shown in (table, optional):
        if shown.row_count:
            screen().print(shown)
    return [each.name for each in found if each.problem]


def _tell_pairs() -> list[str]:
    """Print what is known not to go together; return what harms."""
    from recbole_opal.doctor.known_pairs import met_here

    pairs = met_here()
    for pair in pairs:
        print(f"{'known to fail' if pair.harms else 'note'}: {pair.told}: {pair.reason}.")
        print(f"    {pair.fix}")
    return [pair.told for pair in pairs if pair.harms]


def _tell_checkup() -> list[str]:
    """Do the self-test and print a line a step; return those that failed."""
    from recbole_opal.doctor.checkup import check_up

    begun, failed = monotonic(), []
    for finding in check_up():
        print(f"{'ok' if finding.ok else 'failed':<6} {finding.step}: {finding.told}", flush=True)
        failed += [] if finding.ok else [finding.step]
    print(f"self-test: {monotonic() - begun:.0f} s")
    return failed


def _help() -> str:
    return "\n".join(
        [
            f"usage: {command(name='doctor')} [{_QUICK}]",
            "",
            "Say what is installed, what of it is known not to go together, and whether training,",
            "saving and both exact searches work here; the exit code is 1 where one does not.",
            "",
            f"  {_QUICK}: without the self-test, which takes about ten seconds",
        ]
    )
