"""Processor seconds and memory of `recommend` for many users, from each format of histories.

Run from the repository: `python benchmarks/recommend_speed.py [--users 1000000]`. The bundle has
drawn weights over a catalogue by a power law; each user has 20 items. Reading alone is measured
too. Memory is the peak above that of the same command for one user. Linux only (`wait4`).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
LENGTH, PART = 20, 10_000
FORMATS = ("jsonl", "csv", "long.parquet", "wide.parquet")
READ = """
import sys
from recbole_opal.serving.sources import read_histories
print(sum(len(part.users) for part in read_histories(sys.argv[1])))
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--out", choices=("csv", "jsonl", "parquet"), default="parquet")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--read-only", action="store_true", help="measure reading alone")
    return parser.parse_args()


def _write_bundle(place: Path, items: int) -> Path:
    """Write a run folder that was never trained."""
    import torch

    from recbole_opal.models import MODELS, Catalogue
    from recbole_opal.runs import RunFolder

    network, counts = MODELS["OPAL"], np.arange(items + 1)
    section = network.Settings.model_validate({"hidden_size": 64, "num_interests": 4})
    built = network(section, Catalogue(items + 1, torch.from_numpy(counts), 50))
    settings = {"model": "OPAL", "USER_ID_FIELD": "user_id", "ITEM_ID_FIELD": "item_id"}
    settings |= {"MAX_ITEM_LIST_LENGTH": 50, **section.model_dump()}
    tokens = ["[PAD]", *(f"item{number}" for number in range(items))]
    folder = RunFolder.create(place, "OPAL")
    with folder.update():
        folder.save_yaml("config.yaml", settings)
        folder.save_json("ids.json", {"user_id": ["[PAD]"], "item_id": tokens})
        folder.save_arrays("item_counts.npz", {"counts": counts})
        folder.save_json("metrics.json", {"best_stage": "soft"})
        folder.save_weights("soft", built.state_dict())
    return folder.path


def _drawn(users: int, items: int) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield the names and histories of some users at a time."""
    generator = np.random.default_rng(0)
    for start in range(0, users, PART):
        count = min(PART, users - start)
        met = (generator.pareto(1.2, (count, LENGTH)) * 300).astype(np.int64) % items
        names = [f"user{number}" for number in range(start, start + count)]
        yield names, [[f"item{number}" for number in row] for row in met.tolist()]


def _write_histories(path: Path, users: int, items: int) -> None:
    if path.name.endswith(".parquet"):
        _write_parquet(path, users, items)
        return
    with path.open("w") as file:
        if path.suffix == ".csv":
            file.write("user_id,item_id\n")
        for names, histories in _drawn(users, items):
            for name, history in zip(names, histories, strict=True):
                if path.suffix == ".csv":
                    file.write("".join(f"{name},{item}\n" for item in history))
                else:
                    file.write(json.dumps({"user": name, "items": history}) + "\n")


def _write_parquet(path: Path, users: int, items: int) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    wide = "wide" in path.name
    kind = pa.list_(pa.string()) if wide else pa.string()
    schema = pa.schema([("user_id", pa.string()), ("item_id", kind)])
    with parquet.ParquetWriter(path, schema) as file:
        for names, histories in _drawn(users, items):
            if not wide:
                names = [name for name in names for _ in range(LENGTH)]
                histories = [item for history in histories for item in history]
            file.write_table(pa.table([names, histories], schema=schema))


def _run(threads: int, *command: str) -> tuple[float, float]:
    """Run Python; return its seconds of processor time and its peak memory in MiB."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _measured(threads: int, one: Path, many: Path, *command: str) -> str:
    """Return what many users take above one; FILE in the command is the file of either."""

    def run(path: Path) -> tuple[float, float]:
        return _run(threads, *(word.replace("FILE", str(path)) for word in command))

    base, base_memory = run(one)
    seconds, memory = run(many)
    return f"{seconds - base:7.1f} s, {memory - base_memory:6.0f} MiB above one user"


def main() -> None:
    """Write a bundle and histories; read them, and recommend by them."""
    settings = _arguments()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as place:
        bundle = _write_bundle(Path(place), settings.items)
        print(
            f"{settings.users:,} users of {LENGTH} items each, out of {settings.items:,}; "
            f"k = {settings.k}"
        )
        for kind in settings.formats:
            one, many = Path(place) / f"one.{kind}", Path(place) / f"many.{kind}"
            _write_histories(one, 1, settings.items)
            _write_histories(many, settings.users, settings.items)
            size = f"{many.stat().st_size / 1e6:,.0f} MB"
            print(f"{kind}, {size}, read:     ", end=" ", flush=True)
            print(_measured(settings.threads, one, many, "-c", READ, "FILE"), flush=True)
            if not settings.read_only:
                words = ["-m", "recbole_opal", "recommend", str(bundle), "--histories=FILE"]
                words += [f"--k={settings.k}", f"--out={place}/lists.{settings.out}"]
                print(f"{kind}, {size}, recommend:", end=" ", flush=True)
                print(_measured(settings.threads, one, many, *words), flush=True)
            many.unlink()


if __name__ == "__main__":
    main()
