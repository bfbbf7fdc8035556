"""Tell finished runs apart: mean and spread over seeds, and paired differences over users.

    python benchmarks/compare_runs.py saved/OPAL-kuairand-pure-*

Runs that differ in the seed alone are one group. The first table has a row for each group and
stage; the second compares each with the best on validation, user by user: the mean difference of
`--metric` on test with a 95 % bootstrap interval over users (each user's value is the mean over
seeds), 2,000 resamples. A difference counts where the interval leaves out 0.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Column, Table
from scipy.stats import bootstrap

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.runs import RunFolder

RESAMPLES = 2000
NOT_SETTINGS = ("seed", "checkpoint_dir", "gpu_id", "use_gpu", "show_progress", "data_path")


class Outcome(NamedTuple):
    """One stage of one run."""

    seed: int
    valid: dict[str, float]
    test: dict[str, float]
    users: np.ndarray
    values: np.ndarray


def read(paths: list[Path], metric: str) -> dict[str, list[Outcome]]:
    """Return the outcomes of each group, named by the settings in which the runs differ."""
    folders = [RunFolder.open(path) for path in paths]
    settings = [folder.load_yaml("config.yaml") for folder in folders]
    varied = [
        name
        for name in settings[0]
        if name not in NOT_SETTINGS and any(each[name] != settings[0][name] for each in settings)
    ]
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for folder, own in zip(folders, settings, strict=True):
        for stage, record in folder.load_json("metrics.json")["stages"].items():
            arrays = folder.load_arrays(f"per_user-{stage}-test.npz")
            name = " ".join([f"{key}={own[key]}" for key in varied] + [f"stage={stage}"])
            groups[name].append(
                Outcome(
                    own["seed"], record["valid"], record["test"], arrays["user_id"], arrays[metric]
                )
            )
    return dict(sorted(groups.items()))


def spread(values: list[float]) -> str:
    """Return mean +- sample standard deviation."""
    deviation = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
    return f"{np.mean(values):.4f}{deviation}"


def difference(one: list[Outcome], other: list[Outcome]) -> Any:
    """Return the mean difference over users and its bootstrap interval."""
    if any(not np.array_equal(one[0].users, each.users) for each in [*one, *other]):
        raise SystemExit("error: the runs were tested on different users; compare like with like.")
    gaps = np.mean([each.values for each in one], 0) - np.mean([each.values for each in other], 0)
    interval = bootstrap(
        (gaps,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return gaps.mean(), interval.low, interval.high


def main() -> None:
    """Read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--metric", default="recall@50")
    arguments = parser.parse_args()
    # A folder without metrics belongs to a run that goes on; it must not be touched.
    finished = [path for path in arguments.folders if (path / "metrics.json").is_file()]
    for path in set(arguments.folders) - set(finished):
        print(f"left out, not finished: {path}", file=sys.stderr)
    if not finished:
        raise SystemExit("error: none of the runs is finished; wait, or resume them.")
    groups = read(finished, arguments.metric)
    shown = [arguments.metric, *(m for m in ("hit@50", "ndcg@50") if m != arguments.metric)]
    overview = Table(
        Column("runs", no_wrap=True),
        "seeds",
        *(f"{part} {m}" for m in shown for part in ("valid", "test")),
    )
    for name, outcomes in groups.items():
        cells = [
            spread([getattr(each, part)[metric] for each in outcomes])
            for metric in shown
            for part in ("valid", "test")
        ]
        overview.add_row(name, ",".join(str(each.seed) for each in outcomes), *cells)
    best = max(groups, key=lambda n: np.mean([o.valid[arguments.metric] for o in groups[n]]))
    paired = Table("runs", f"test {arguments.metric} less that of {best}", "95 % interval")
    for name, outcomes in groups.items():
        if name != best:
            mean, low, high = difference(outcomes, groups[best])
            paired.add_row(name, f"{mean:+.4f}", f"[{low:+.4f}, {high:+.4f}]")
    console = Console(width=max(150, Console().width))
    console.print(overview)
    console.print(paired)


if __name__ == "__main__":
    main()
