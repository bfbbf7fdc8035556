"""Time and peak memory of `convert` and `describe` on a large csv.

Run from the repository: `python benchmarks/conversion.py [--rows 20000000] [--label]`. The csv has
six columns, milliseconds in ascending order, and items by a power law. Linux only (`wait4`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

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


def _measure(*command: str) -> str:
    """Run a command of the package; return its processor seconds and its peak memory."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    whole = [sys.executable, "-m", "recbole_opal", *command]
    process = subprocess.Popen(whole, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    seconds = used.ru_utime + used.ru_stime
    return f"{seconds:.1f} s of processor time, {used.ru_maxrss / 1024:.0f} MiB"


def main() -> None:
    """Write the csv, convert it, describe the data set."""
    settings = _arguments()
    with tempfile.TemporaryDirectory() as place:
        log, data = Path(place) / "log.csv", Path(place) / "large"
        _write(log, settings)
        print(f"csv: {settings.rows:,} rows, {log.stat().st_size / 1e6:.0f} MB")
        columns = ["--user=user_id", "--item=video_id", "--time=time_ms"]
        columns += ["--label=long_view==1"] if settings.label else []
        print("convert: ", _measure("convert", str(log), f"--out={data}", *columns))
        print("describe:", _measure("describe", "large", f"--data_path={place}"))


if __name__ == "__main__":
    main()
