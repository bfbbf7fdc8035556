"""The command `report FOLDER`: draw the report of a comparison again."""

import sys
from collections.abc import Sequence
from pathlib import Path

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer, end_process
from recbole_opal.report.write import write_report
from recbole_opal.settings.grammar import read_arguments

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Write the report and print its path; 2 with one line on standard error if it cannot."""
    usage = f"usage: {command(name='report')} FOLDER_OF_A_COMPARISON"

    def draw() -> None:
        folders, flags = read_arguments(argv)
        if len(folders) != 1 or flags:
            raise SettingsError(f"one folder of a comparison is needed; {usage}.")
        print(write_report(Path(folders[0])))

    return answer(argv, lambda: usage, draw)


if __name__ == "__main__":
    end_process(lambda: main(sys.argv[1:]))
