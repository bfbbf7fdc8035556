"""A small log with planted categories, configurations over it, and runs that were never trained."""

import errno
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip on Windows what is marked to need another system."""
    skipped = pytest.mark.skip(reason="needs a POSIX system")
    for item in items:
        if os.name == "nt" and item.get_closest_marker("posix"):
            item.add_marker(skipped)


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


@pytest.fixture(scope="session")
def featured_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the data set `tiny` and a file of its items: tags, an author, a length."""
    folder = write_log(tmp_path_factory.mktemp("featured"))
    rows = [
        f"i{i}\tc{i // 12} {'odd' if i % 2 else 'even'}\ta{i % 20}\t{i * 1.5 if i % 5 else ''}"
        for i in range(48)
    ]
    header = "item_id:token\ttag:token_seq\tauthor:token\tlength:float\n"
    (folder / NAME / f"{NAME}.item").write_text(header + "\n".join(rows) + "\n")
    return folder


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


VERSIONS = {"recbole_opal": "0.1.0", "recbole": "1.2.1", "torch": "2.13.0", "numpy": "2.4.6"}
RUN_VERSIONS = VERSIONS | {"python": "3.11.7", "threads": "2", "device": "cpu", "platform": "x"}


@pytest.fixture
def origin():
    from recbole_opal.runs.origin import Origin  # not before the number of threads is set

    return Origin("a" * 64, {"tiny.inter": "b" * 64}, VERSIONS)


def make_run(
    parent: Path,
    origin,
    *,
    label: str = "OPAL-tiny",
    seed: int = 1,
    finished: bool = True,
    recall: float = 0.25,
    stages=("soft", "hard"),
    versions=None,
) -> Path:
    """Write a run folder as a run leaves it."""
    from recbole_opal.runs import RunFolder

    folder = RunFolder.create(parent, label)
    users = np.array([2, 1, 3])
    config = {"seed": seed, "num_interests": 4, "USER_ID_FIELD": "user_id"}
    with folder.update():
        folder.save_yaml("config.yaml", config)
        folder.save_json("origin.json", origin.as_plain())
        folder.save_json("ids.json", {"user_id": ["[PAD]", "ann", "bob", "cy"], "item_id": []})
        folder.save_state({"epoch": 1})
        if not finished:
            return folder.path
        records = {}
        for position, stage in enumerate(stages):
            values = np.array([0.0, 0.5, 1.0]) * recall + position / 100
            folder.save_arrays(
                f"per_user-{stage}-test.npz",
                {"user_id": users, "recall@10": values, "history_length": np.array([3, 4, 5])},
            )
            records[stage] = {
                "train_seconds": 2.0 + position,
                "epochs": 5,
                "best_epoch": 4 if seed == 2 else 3,
                "ended": "max_train_seconds" if position == 0 else "stopping_step",
                "test_seconds": 0.5,
                "score": recall,
                "valid": {"recall@10": recall + seed / 100},
                "test": {"recall@10": float(values.mean()), "coverage@10": 0.5},
                "diagnostics": {
                    "num_interests": 4,
                    "usage": [0.7, 0.1, 0.1, 0.1],
                    "usage_entropy": 0.6 + seed / 10,
                    "hit_entropy": None,
                    "cosine": 0.3,
                    "dead_users": 0.1,
                    "collapsed": seed == 2,
                },
            }
        folder.save_json(
            "metrics.json",
            {
                "stages": records,
                "best_stage": stages[0],
                "peak_memory": {"host_bytes": 300 << 20},
                "parameters": 1234,
                "versions": versions or RUN_VERSIONS,
            },
        )
    return folder.path


@pytest.fixture
def run_maker():
    return make_run


@pytest.fixture
def make_config(tmp_path):
    """Return a function that writes rows (user, item, time) as data set `tiny`, configured."""
    # Here, not above: importing RecBole costs seconds, and the tests of plain arrays do without.
    from recbole_opal.host.config import OpalConfig

    folder = tmp_path / "data" / "tiny"
    folder.mkdir(parents=True)

    def make(rows, model="OPAL", time_type="float", **settings):
        header = f"user_id:token\titem_id:token\ttimestamp:{time_type}\n"
        body = "".join(f"{user}\t{item}\t{time}\n" for user, item, time in rows)
        (folder / "tiny.inter").write_text(header + body)
        fixed = {
            "data_path": str(folder.parent),
            "checkpoint_dir": str(tmp_path / "saved"),
            "use_gpu": False,
        }
        return OpalConfig(model, "tiny", fixed | settings)

    return make


@pytest.fixture
def make_dataset(make_config):
    """Return a function that builds a FutureItemDataset over rows (user, item, time)."""
    from recbole_opal.host.dataset import FutureItemDataset

    def make(rows, model="OPAL", **settings):
        dataset = FutureItemDataset(make_config(rows, model, **settings))
        dataset.build()
        return dataset

    return make


class Disk:
    """Stands for `os` where files are written; takes so many files and no more."""

    def __init__(self, files):
        self.files = files

    def __getattr__(self, name):
        return getattr(os, name)

    def write(self, descriptor, data):
        if self.files <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.files -= 1
        return os.write(descriptor, data)


@pytest.fixture
def disk():
    """Return what makes a disk that is full after so many files."""
    return Disk
