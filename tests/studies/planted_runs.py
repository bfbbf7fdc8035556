"""Comparisons whose runs hold what a test plants: values of users, histories, categories."""

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.runs import RunFolder
from recbole_opal.side_by_side.variants import parse_variants
from recbole_opal.studies.outcome import Outcome

__all__ = ["planted_outcome", "planted_users"]


def planted_users(random, sets, items, categories):
    """Return histories and targets of users; `sets` are each user's categories.

    An item's category is its number modulo that of categories; 0 is the padding.
    """
    histories = []
    for own in sets:
        pool = [item for item in range(1, items) if item % categories in own]
        histories.append(random.choice(pool, size=random.integers(8, 20)))
    targets = random.integers(1, 5, size=len(sets))
    users = np.arange(1, len(sets) + 1)
    return {
        "histories-test.npz": {
            "user_id": users,
            "items": np.concatenate(histories).astype(np.int32),
            "lengths": np.array([len(each) for each in histories], dtype=np.int32),
        },
        "targets-test.npz": {
            "user_id": np.repeat(users, targets),
            "item": np.ones(targets.sum(), dtype=np.int64),
        },
        "item_counts.npz": {"counts": np.ones(items, dtype=np.int64)},
        "item_categories.npz": {
            "item": np.arange(1, items),
            "category": np.arange(1, items) % categories,
        },
    }


def planted_outcome(folder, options, values, files=None, metric="recall@10", **settings):
    """Return the outcome of a comparison with made-up runs.

    Args:
        folder: where they are put.
        options: of the study.
        values: by the text of a variant, stage to metric to (E,) values of users.
        files: the runs' further arrays, by name.
        metric: that decides; a row's value on validation is that on test.
        settings: given for all rows.
    """
    rows = []
    for text, stages in values.items():
        (variant,) = parse_variants(text)
        run = RunFolder.create(folder, "made-up")
        for stage, metrics in stages.items():
            save_users(run, stage, metrics)
            means = {
                name: {"mean": float(np.nanmean(each)), "values": [float(np.nanmean(each))]}
                for name, each in metrics.items()
            }
            rows.append(
                Row(
                    label=variant.label + (f" {stage}" if len(stages) > 1 else ""),
                    variant=text,
                    model="OPAL",
                    stage=stage,
                    valid=means,
                    test=means,
                    settings=settings | dict(variant.settings),
                    runs={"1": run.path.name},
                    num_interests=variant.settings.get("num_interests", 4),
                )
            )
        with run.update():
            for name, arrays in (files or {}).items():
                run.save_arrays(name, arrays)
    result = ComparisonResult(
        folder=folder, dataset="planted", command="study", seeds=[1], metric=metric, rows=rows
    )
    return Outcome(options, {"main": result})


def save_users(run, stage, metrics):
    """Write the values of users u1, u2, ... in a stage."""
    count = len(next(iter(metrics.values())))
    users = {"user_id": np.arange(1, count + 1), "history_length": np.ones(count, dtype=np.int64)}
    with run.update():
        run.save_arrays(f"per_user-{stage}-test.npz", users | metrics)
        run.save_json("ids.json", {"user_id": ["[PAD]", *(f"u{n + 1}" for n in range(count))]})
        run.save_yaml("config.yaml", {"USER_ID_FIELD": "user_id"})
