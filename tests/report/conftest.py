"""A comparison as `run_opal.py` leaves it: real runs of OPAL, made-up runs of everything else."""

import json
from pathlib import Path

import numpy as np
import pytest

import recbole_opal
from recbole_opal.runs import RunFolder
from recbole_opal.synthesis.synthetic_files import write_atomic
from recbole_opal.synthesis.synthetic_log import synthesize

SEEDS = (1, 2, 3)
METRICS = ("recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@20")
SINGLE = {"YouTubeDNN": 0.4, "SASRec": 0.62, "GRU4Rec": 0.55, "NARM": 0.56, "LightSANs": 0.6,
          "Pop": 0.1, "ItemKNN": 0.5, "MultiVAE": 0.45}  # fmt: skip
MULTI = {"MIND": 0.35, "ComiRecSA": 0.52, "ComiRecDR": 0.38, "REMI": 0.57, "Re4": 0.5, "PIMI": 0.47}


def train_opal(data, saved, interests, seed):
    """Train a tiny OPAL for real."""
    settings = {
        "data_path": str(data), "checkpoint_dir": str(saved), "epochs": 3, "seed": seed,
        "train_batch_size": 64, "cuts_per_user": 2, "hidden_size": 16, "learning_rate": 0.01,
        "num_interests": interests, "num_negatives": 20, "MAX_ITEM_LIST_LENGTH": 20,
        "future_window": 3, "topk": [10, 20], "valid_metric": "Recall@20", "tensorboard": False,
        "show_progress": False, "load_col": {"inter": ["user_id", "item_id", "timestamp"],
        "item": ["item_id", "category"]}, "category_field": "category",
    }  # fmt: skip
    return recbole_opal.run("OPAL", "made", **settings).folder


def make_up(saved, real, skill, seed):
    """Write a run folder whose lists hold each target with a probability that `skill` gives."""
    random = np.random.default_rng([seed, int(skill * 1000)])
    source = RunFolder.open(real)
    lists = source.load_arrays("lists-soft-test.npz")
    targets = source.load_arrays("targets-test.npz")
    counts = source.load_arrays("item_counts.npz")["counts"]
    popular = (counts + 1.0) / (counts + 1.0).max()
    shares = np.append(0, counts[1:] + 0.5)
    items = np.stack([random.choice(len(counts), 20, replace=False, p=shares / shares.sum())
                      for _ in lists["user_id"]]).astype(np.int32)  # fmt: skip
    row_of = {int(user): row for row, user in enumerate(lists["user_id"])}
    hits, totals = np.zeros(items.shape), np.zeros(len(items))
    for user, item in zip(targets["user_id"], targets["item"], strict=True):
        row = row_of[int(user)]
        totals[row] += 1
        if random.random() < skill * (0.4 + 0.6 * popular[item]):
            place = random.integers(20)
            items[row, place] = item
            hits[row, place] = 1
    users = source.load_arrays("per_user-soft-test.npz")
    values = {"user_id": users["user_id"], "history_length": users["history_length"]}
    for k in (10, 20):
        values[f"recall@{k}"] = hits[:, :k].sum(1) / totals
        values[f"ndcg@{k}"] = values[f"recall@{k}"] * 0.6
        values[f"hit@{k}"] = (hits[:, :k].sum(1) > 0) * 1.0
    folder = RunFolder.create(saved, "made-up")
    with folder.update():
        folder.save_arrays("per_user-train-test.npz", values)
        folder.save_arrays("lists-train-test.npz", {"user_id": lists["user_id"], "items": items})
        folder.save_arrays("targets-test.npz", targets)
        folder.save_arrays("item_counts.npz", {"counts": counts})
        lines = [
            {"stage": "train", "epoch": epoch, "loss": {"loss": 6 / (epoch + 2) ** 0.5},
             "valid": {"recall@20": skill * (1 - 0.8**epoch) * random.normal(1, 0.02)}}
            for epoch in range(15)
        ]  # fmt: skip
        folder.save_lines("training.jsonl", lines)
    return folder.path, {name: float(values[name].mean()) for name in METRICS}


def spread_of(values):
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "sd": sd, "values": list(values)}


def row_of(label, model, stage, runs, tests, root, *, variant=None, interests=None, random):
    """Return a row of comparison.json."""
    extra = {
        "category_diversity@20": [random.uniform(0.3, 0.9)] * len(tests),
        "coverage@20": [random.uniform(0.2, 0.9)] * len(tests),
    }
    test = {name: [each[name] for each in tests] for name in METRICS} | {
        name: [value * random.normal(1, 0.01) for value in values] for name, values in extra.items()
    }
    diagnostics = {"num_interests": interests, "usage_entropy": 0.81, "hit_entropy": 0.74,
                   "cosine": 0.31, "dead_users": 0.12, "collapsed": model == "MIND"}  # fmt: skip
    return {
        "label": label, "variant": variant or model, "model": model, "stage": stage,
        "settings": {"num_interests": interests} if variant and "@" in variant else {},
        "num_interests": interests, "error": None,
        "runs": {str(s): str(p.relative_to(root)) for s, p in zip(SEEDS, runs, strict=False)},
        "valid": {"recall@20": spread_of([value * 1.02 for value in test["recall@20"]])},
        "test": {name: spread_of(values) for name, values in test.items()},
        "train_seconds": spread_of([random.uniform(4, 900) for _ in tests]),
        "test_seconds": spread_of([random.uniform(0.4, 9) for _ in tests]),
        "peak_memory": spread_of([random.uniform(1, 4) * 2**30] * len(tests)),
        "parameters": spread_of([int(random.integers(20_000, 900_000))] * len(tests)),
        "diagnostics": diagnostics if interests and interests > 1 else None,
        "against_best": {}, "against_opal": {},
    }  # fmt: skip


def add_differences(rows, random):
    """Write made-up intervals around the true differences of the means."""

    def valid(row):
        return row["valid"]["recall@20"]["mean"]

    best = max(rows, key=valid)
    opal = max((row for row in rows if row["model"] == "OPAL"), key=valid)
    for row in rows:
        for reference, name in ((best, "against_best"), (opal, "against_opal")):
            if row is reference:
                continue
            gap = row["test"]["recall@20"]["mean"] - reference["test"]["recall@20"]["mean"]
            half = float(random.uniform(0.01, 0.03))
            row[name]["recall@20"] = {
                "difference": gap, "low": gap - half, "high": gap + half, "p": 0.01,
                "effect_size": gap * 3, "p_adjusted": 0.02, "marked": abs(gap) > half,
            }  # fmt: skip


def build_comparison(root: Path) -> Path:
    """Return the folder of a comparison of 24 rows and 3 seeds."""
    random = np.random.default_rng(0)
    log = synthesize(160, 240, 12, 3, mean_length=26.0, noise=0.02, seed=3)
    data = root / "data"
    write_atomic(log, data, "made")
    saved, folder = root / "saved", root / "saved" / "comparison-made-0123abcd"
    folder.mkdir(parents=True)
    rows = []
    for interests, seeds in ((2, SEEDS[:1]), (4, SEEDS)):
        runs = [train_opal(data, saved, interests, seed) for seed in seeds]
        for stage in ("soft", "hard"):
            tests = [json.loads((run / "metrics.json").read_text())["stages"][stage]["test"]
                     for run in runs]  # fmt: skip
            default = interests == 4
            name = "OPAL" if default else f"OPAL num_interests={interests}"
            variant = "OPAL" if default else f"OPAL@num_interests={interests}"
            rows.append(row_of(f"{name} {stage}", "OPAL", stage, runs, tests, root,
                               variant=variant, interests=interests, random=random))  # fmt: skip
    real = runs[0]
    made_up = [(name, skill, None) for name, skill in SINGLE.items()]
    made_up += [(name, skill, 4) for name, skill in MULTI.items()]
    made_up += [("ComiRecSA", 0.5, 1), ("ComiRecSA", 0.53, 8)]
    for name, skill, interests in made_up:
        done = [make_up(saved, real, skill, seed) for seed in SEEDS]
        swept = interests in (1, 8)
        label = f"{name} num_interests={interests}" if swept else name
        variant = f"{name}@num_interests={interests}" if swept else name
        runs, tests = zip(*done, strict=True)
        rows.append(row_of(label, name, "train", runs, tests, root, interests=interests,
                           random=random, variant=variant))  # fmt: skip
    for interests, stage in ((1, "soft"), (1, "hard"), (8, "soft"), (8, "hard")):
        _, tests = zip(*(make_up(saved, real, 0.5 + 0.01 * interests, seed) for seed in SEEDS),
                       strict=True)  # fmt: skip
        rows.append(row_of(f"OPAL num_interests={interests} {stage}", "OPAL", stage, [], tests,
                           root, variant=f"OPAL@num_interests={interests}", interests=interests,
                           random=random))  # fmt: skip
    for row in rows:
        row["runs"] = {seed: f"../../{path}" for seed, path in row["runs"].items()}
    add_differences(rows, random)
    failed = dict(rows[-1], label="DSSRec", variant="DSSRec", model="DSSRec", runs={}, valid={},
                  test={}, error="the loss became nan in stage train, epoch 3, step 7; lower "
                  "--learning_rate.", against_opal={}, against_best={})  # fmt: skip
    plain = {
        "dataset": "made", "command": "python run_opal.py --dataset=made --model=OPAL,MIND",
        "seeds": list(SEEDS), "metric": "recall@20", "versions": {"torch": "2.13.0"},
        "hardware": "2 cores", "tuning": None, "rows": [*rows, failed],
    }  # fmt: skip
    (folder / "comparison.json").write_text(json.dumps(plain))
    return folder


@pytest.fixture(scope="session")
def comparison_folder(tmp_path_factory):
    """Return the folder of the comparison; its report is not written yet."""
    root = tmp_path_factory.mktemp("comparison")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        return build_comparison(root)
