"""The command `report FOLDER`: draw the report of a comparison again."""

import sys
from collections.abc import Sequence
from pathlib import Path

from recbole_opal.process.shell import answer, end_process

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Write the report and print its path; 2 with one line on standard error if it cannot."""
    return answer(argv, _help, lambda: _draw(argv))


def _help() -> str:
    from recbole_opal.process.program import command

    return f"usage: {command(name='report')} FOLDER_OF_A_COMPARISON"


def _draw(argv: Sequence[str]) -> None:
    from recbole_opal.errors import SettingsError
    from recbole_opal.settings.grammar import read_arguments

    folders, flags = read_arguments(argv)
    if len(folders) != 1 or flags:
        raise SettingsError(f"one folder of a comparison is needed; {_help()}.")
    from recbole_opal.report import write_report

    print(write_report(Path(folders[0])))


if __name__ == "__main__":
    end_process(lambda: main(sys.argv[1:]))
