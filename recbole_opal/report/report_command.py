"""The command `report`: draw the page of a comparison again, or that of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path, run_path

__all__ = ["main"]

_FLAGS = {
    "users": "raw ids of the users to show, as ann,bob; default: a few, chosen by rules",
    "out": "the file to write; default: report.html in the folder of the comparison or the one "
    "run, of several runs here",
}


def main(argv: Sequence[str]) -> int:
    """Write the report and print its path; 2 with one line on standard error if it cannot."""

    def draw() -> None:
        words, flags = read_arguments(argv)
        refuse_unknown(flags, _FLAGS, "report")
        folders = [run_path(word) for word in words]
        if not folders:
            raise SettingsError(f"no folder is named; {_usage()}.")
        users = [user.strip() for user in flags["users"].split(",")] if "users" in flags else []
        out = checked_path(flags["out"], "out") if "out" in flags else None
        print(_written(folders, argv, [user for user in users if user], out))

    return answer(argv, _help, draw)


def _written(
    folders: Sequence[Path], argv: Sequence[str], users: Sequence[str], out: Path | None
) -> Path:
    # Only now: a mistyped argument is told at once.
    from recbole_opal.report.write import write_report, write_report_of_runs

    # A single folder without a manifest is a comparison's, and what it lacks is told as such.
    if len(folders) == 1 and not (folders[0] / "manifest.json").is_file():
        return write_report(folders[0], users=users, out=out)
    again = command(*argv, name="report")
    return write_report_of_runs(folders, again, users=users, out=out)


def _usage() -> str:
    return f"usage: {command(name='report')} COMPARISON | RUN [RUN ...] [--users=...] [--out=FILE]"


def _help() -> str:
    return "\n".join([_usage(), "", *(f"  --{name}: {told}" for name, told in _FLAGS.items())])
