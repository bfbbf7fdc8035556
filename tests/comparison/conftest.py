"""Rows and results as the tables meet them, without any training."""

from pathlib import Path

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, spread
from recbole_opal.comparison.run_files import UserValues


def make_row(label: str, model: str, recall: float, *, stage: str = "train", seeds: int = 2) -> Row:
    """Return a row of a model whose recall on validation and test is as given."""
    shifts = [0.001 * number for number in range(seeds)]
    return Row(
        label=label,
        variant=label,
        model=model,
        stage=stage,
        settings={"epochs": 2, "topk": [5, 10]},
        num_interests=4 if model == "OPAL" else None,
        runs={str(seed): f"../{label}-{seed}" for seed in range(1, seeds + 1)},
        valid={"recall@10": spread([recall + shift for shift in shifts])},
        test={
            "recall@5": spread([recall / 2] * seeds),
            "recall@10": spread([recall + shift for shift in shifts]),
            "coverage@10": spread([0.5] * seeds),
        },
        train_seconds=spread([12.0] * seeds),
        epochs=spread([7] * seeds),
        peak_memory=spread([512 << 20] * seeds),
        parameters=spread([1_234_567] * seeds),
    )


def make_users(row: Row) -> UserValues:
    """Return 40 users whose values lie around the first seed's recall of a row."""
    names = [f"u{number:02}" for number in range(40)]
    noise = np.random.default_rng(len(row.label)).normal(0, 0.01, (len(row.runs), len(names)))
    return UserValues(names, {"recall@10": row.test["recall@10"].values[0] + noise})


def make_result(rows, folder: Path = Path("saved/comparison-tiny-0"), **changed):
    """Return a result over these rows; the users of those that were measured are made up."""
    users = changed.pop("users", None) or {
        row.label: make_users(row) if row.measured else UserValues() for row in rows
    }
    given = {
        "folder": folder,
        "dataset": "tiny",
        "command": "python run_opal.py --dataset=tiny --model=OPAL,MIND --topk=[5,10]",
        "seeds": [1, 2],
        "metric": "recall@10",
        "versions": {"python": "3.11.7", "torch": "2.13.0"},
        "hardware": "a processor, 2 cores",
        "rows": rows,
    }
    return ComparisonResult(**given | changed, users=users)


@pytest.fixture
def row_maker():
    return make_row


@pytest.fixture
def result_maker():
    return make_result
