"""A small log with planted categories, and configurations over it."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests run in several processes

# The same cases in every run, so that a failure is the work of a change and not of a draw; others
# are drawn with `--hypothesis-profile=random` and by the slow tests.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile("same")

NAME = "tiny"


def write_log(folder: Path, *, users: int = 60, categories: int = 4, seed: int = 0) -> Path:
    """Write a data set in which each user watches two of the categories; return its parent."""
    generator = np.random.default_rng(seed)
    per_category = 12
    rows = []
    for user in range(users):
        liked = generator.choice(categories, size=2, replace=False)
        length = int(generator.integers(12, 24))
        chosen = generator.choice(liked, size=length)
        items = chosen * per_category + generator.integers(per_category, size=length)
        times = 1.6e9 + np.sort(generator.random(length)) * 1e6
        rows += [f"u{user}\ti{item}\t{time:.3f}" for item, time in zip(items, times, strict=True)]
    target = folder / NAME
    target.mkdir(parents=True)
    header = "user_id:token\titem_id:token\ttimestamp:float\n"
    (target / f"{NAME}.inter").write_text(header + "\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="session")
def data_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the data set `tiny`."""
    return write_log(tmp_path_factory.mktemp("data"))


@pytest.fixture
def quick_settings(data_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Settings of a run that takes a second; the working folder is a temporary one."""
    monkeypatch.chdir(tmp_path)  # RecBole writes log folders where it stands
    return {
        "data_path": str(data_path),
        "checkpoint_dir": str(tmp_path / "saved"),
        "epochs": 2,
        "train_batch_size": 64,
        "cuts_per_user": 2,
        "hidden_size": 8,
        "num_interests": 3,
        "num_negatives": 20,
        "MAX_ITEM_LIST_LENGTH": 10,
        "future_window": 3,
        "topk": [5, 10],
        "valid_metric": "Recall@10",
        "tensorboard": False,
        "show_progress": False,
    }
