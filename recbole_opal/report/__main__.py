"""`python -m recbole_opal.report FOLDER`: draw the report of a comparison again."""

import sys
from pathlib import Path

from recbole_opal.cli import console

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Write the report and print its path.

    Args:
        arguments: the folder of a comparison.

    Returns:
        0, or 2 with one line on standard error.
    """
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m recbole_opal.report FOLDER_OF_A_COMPARISON", file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    from recbole_opal.commands import answer  # only now: see `recbole_opal.cli`
    from recbole_opal.report import write_report

    return answer(arguments, str, lambda: print(write_report(Path(arguments[0]))))


if __name__ == "__main__":
    console(lambda: main(sys.argv[1:]))
