"""Time and peak memory of `convert` and `describe` on a large csv.

Run from the repository: `python benchmarks/conversion.py [--rows 20000000] [--label]`. The csv has
six columns, milliseconds in ascending order, and items by a power law. `--threads 2 --repeats 3`
converts with one and with two threads in turn, and tells the best of each. Linux only (`wait4`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PART = 500_000
START, SPAN = 1_649_400_000_123, 30 * 86_400_000  # milliseconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=2_000_000)
    parser.add_argument("--label", action="store_true", help="keep a third of the rows")
    parser.add_argument("--threads", type=int, default=1, help="to convert with, beside one")
    parser.add_argument("--repeats", type=int, default=1)
    return parser.parse_args()


def _write(path: Path, settings: argparse.Namespace) -> None:
    generator = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("user_id,video_id,time_ms,long_view,play_time_ms,tab\n")
        for start in range(0, settings.rows, PART):
            rows = min(PART, settings.rows - start)
            popular = (generator.pareto(1.2, rows) * 300).astype(np.int64)
            moments = np.sort(generator.integers(start, start + rows, rows)) / settings.rows
            columns = (
                generator.integers(0, settings.users, rows),
                popular % settings.items,
                START + (moments * SPAN).astype(np.int64),
                generator.random(rows) < 0.35,
                generator.integers(0, 60_000, rows),
                generator.integers(0, 15, rows),
            )
            cells = zip(*(column.astype(np.int64).tolist() for column in columns), strict=True)
            file.write("\n".join(map("%d,%d,%d,%d,%d,%d".__mod__, cells)) + "\n")


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    wall: float  # seconds
    processor: float
    memory: int  # bytes, at most

    def __str__(self) -> str:
        return (
            f"{self.processor:.1f} s of processor time, {self.wall:.1f} s by the clock, "
            f"{self.memory / 2**20:.0f} MiB"
        )


def _measure(*command: str, threads: int = 1) -> Cost:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    whole = [sys.executable, "-m", "recbole_opal", *command]
    started = perf_counter()
    process = subprocess.Popen(whole, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    wall = perf_counter() - started
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def main() -> None:
    """Write the csv, convert it, describe the data set."""
    settings = _arguments()
    with tempfile.TemporaryDirectory() as place:
        log, data = Path(place) / "log.csv", Path(place) / "large"
        _write(log, settings)
        print(f"csv: {settings.rows:,} rows, {log.stat().st_size / 1e6:.0f} MB")
        flags = ["--user=user_id", "--item=video_id", "--time=time_ms", "--overwrite"]
        flags += ["--label=long_view==1"] if settings.label else []
        threads = sorted({1, settings.threads})
        costs: dict[int, list[Cost]] = {number: [] for number in threads}
        for _ in range(settings.repeats):
            for number, found in costs.items():
                found.append(_measure("convert", str(log), f"--out={data}", *flags, threads=number))
        for number, found in costs.items():
            best = min(found, key=lambda cost: cost.wall)
            print(f"convert, {number} thread{'s' * (number > 1)}: {best}")
        print("describe:", _measure("describe", "large", f"--data_path={place}"))


if __name__ == "__main__":
    main()
