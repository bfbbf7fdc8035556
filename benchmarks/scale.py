"""Towards billions: what is measured up to 10,000,000 items and users, and what follows from it.

    python benchmarks/scale.py [--part=steps] [--out=saved/scale] [--page=results/scale.md]

Every size is measured in a process of its own, on one thread, and leaves a JSON file in `--out`,
so that the same command goes on where it was stopped; remove a file to measure it again. The last
part, `page`, fits the model of cost, checks it on the size that was held back, and writes the page
with its picture. Logs and vectors are drawn (seed 0). `log` reads a text of 100,000,000 rows, with
`RLIMIT_DATA` at 4 GiB. Linux only; a part waits for no memory: it is left out, with a line, where
less is free than it takes.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

import psutil  # noqa: E402
import torch  # noqa: E402

from recbole_opal.runs.atomic import write_json  # noqa: E402
from recbole_opal.runs.machine import processor_name, versions  # noqa: E402

SIZES = {
    "steps": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
    "start": (100_000, 200_000, 500_000),
    "evaluation": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
    "index": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
    "histories": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
    "log": (100_000_000,),
}
"""What each part is measured at: items, users of 20 interactions, or interactions."""
BYTES = {
    **{"steps": 900, "start": 5_000, "evaluation": 300, "index": 700},
    **{"histories": 250, "log": 41},
}
"""What a part takes at the most, for each of its items, users or interactions."""
SEED = 0


def main() -> None:
    """Measure what is missing, or one size of one part in this process."""
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.size:
        torch.set_num_threads(1)
        found = _measurement(asked.part, asked.out)(asked.size, SEED)
        told = {"part": asked.part, "size": asked.size, "seed": SEED, **found}
        told |= {"versions": versions(torch.device("cpu")), "processor": processor_name()}
        write_json(_place(asked.out, asked.part, asked.size), told)
        return
    for part in (asked.part,) if asked.part else SIZES:
        for size in SIZES.get(part, ()):
            _run(part, size, asked.out)
    if asked.part in (None, "page"):
        from scaling.page import write_page

        write_page(asked.out, asked.page)
        print(f"written: {asked.page}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=[*SIZES, "page"])
    parser.add_argument("--out", type=Path, default=Path("saved/scale"))
    parser.add_argument("--page", type=Path, default=HERE.parents[1] / "results" / "scale.md")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measurement(part: str, scratch: Path) -> Callable[[int, int], dict[str, Any]]:
    """Return what measures a part; imported here, so that no part pays for another's libraries."""
    if part == "steps":
        from scaling.steps import measure_steps

        return measure_steps
    if part == "start":
        from scaling.start import measure_start

        return measure_start
    if part == "evaluation":
        from scaling.evaluation import measure_evaluation

        return measure_evaluation
    if part == "index":
        from scaling.indexes import measure_index

        return measure_index
    if part == "histories":
        from scaling.histories import measure_histories

        return lambda size, seed: measure_histories(size, seed, scratch)
    from scaling.log import measure_log

    return lambda size, seed: measure_log(size, seed, scratch)


def _run(part: str, size: int, out: Path) -> None:
    """Measure a size in another process, if that has not been done."""
    if _place(out, part, size).is_file():
        print(f"{part} {size:,}: known")
        return
    needed = size * BYTES[part] + 2**30
    if (free := psutil.virtual_memory().available) < needed:
        print(f"{part} {size:,}: left out, takes {needed >> 20:,} MiB, {free >> 20:,} are free")
        return
    started = time.perf_counter()
    command = [sys.executable, str(HERE), f"--part={part}", f"--size={size}", f"--out={out}"]
    subprocess.run(command, check=True)  # noqa: S603
    print(f"{part} {size:,}: {time.perf_counter() - started:.0f} s", flush=True)


def _place(out: Path, part: str, size: int) -> Path:
    return out / f"{part}-{size}.json"


if __name__ == "__main__":
    main()
