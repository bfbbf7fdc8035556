"""Processor seconds until a command has told what is wrong, or has helped.

Run from the repository: `python benchmarks/start.py`. Each command is a new process; the figure is
the median of five. Linux and macOS only (`wait4`).
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMES = 5
COMMANDS = (
    "--version",
    "--help",
    "--help=OPAL",
    "--dataset=ml-100k --tempertaure=1",
    "--dataset=ml-100k --temperature=warm",
    "--dataset=ml-100k --model=OPALL",
    "--dataset=ml-1000k",
    "--resume=saved/no-such-run",
    "convert --help",
    "study --help",
)


def seconds_of(arguments: list[str]) -> float:
    """Return the processor seconds of one run of the command, user and system."""
    line = [sys.executable, str(ROOT / "run_opal.py"), *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(line, **quiet)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    for command in COMMANDS:
        seconds = statistics.median(seconds_of(command.split()) for _ in range(TIMES))
        print(f"{seconds:6.2f} s  {command}")


if __name__ == "__main__":
    main()
