"""The command `report`: draw the page of a comparison again, or that of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown
from recbole_opal.settings.grammar import read_arguments, take_repeated
from recbole_opal.settings.paths import checked_path, run_path

__all__ = ["main"]

_FLAGS = {
    "user": "raw id of a user to show, several times for several; default: a few, chosen by rules",
    "users": "the same in one, as ann,bob",
    "out": "the file to write; default: report.html in the folder of the comparison or the one "
    "run, of several runs here",
}


def main(argv: Sequence[str]) -> int:
    """Write the report and print its path; 2 with one line on standard error if it cannot."""

    def draw() -> None:
        single, others = take_repeated(argv, "user")
        words, flags = read_arguments(others)
        refuse_unknown(flags, _FLAGS, "report")
        folders = [run_path(word) for word in words]
        if not folders:
            raise SettingsError(f"no folder is named; {_usage()}.")
        listed = [user.strip() for user in flags.get("users", "").split(",")]
        users = list(dict.fromkeys(user for user in [*single, *listed] if user))
        out = checked_path(flags["out"], "out") if "out" in flags else None
        print(_written(folders, argv, users, out))

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
    words = "COMPARISON | RUN [RUN ...] [--user=TOKEN ...] [--out=FILE]"
    return f"usage: {command(name='report')} {words}"


def _help() -> str:
    return "\n".join([_usage(), "", *(f"  --{name}: {told}" for name, told in _FLAGS.items())])
