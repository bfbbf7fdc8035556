"""Does a run fit into memory? What it needs at the least is told before the system kills it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import torch

from recbole_opal.data.prepare import PreparedData
from recbole_opal.errors import SettingsError, TrainingError
from recbole_opal.host.upstream_models import attends, trained_on

__all__ = ["check_memory", "telling_memory"]

_FLOAT = 4
_GIB = 2**30
_WIDTHS = ("hidden_size", "embedding_size")  # how the names of vectors' widths end


def check_memory(config: Any, data: PreparedData) -> None:
    """Refuse settings whose largest tensor alone is more than the machine has memory for.

    Args:
        config: the settings of the run.
        data: its data.

    Raises:
        SettingsError: one tensor is too large; the settings that make it so are named.
    """
    limit = _largest_memory()
    for what, size, cures in _largest_tensors(config, data):
        if size > limit:
            flags = " or ".join(f"--{name}" for name in cures)
            raise SettingsError(
                f"{what} take {size / _GIB:,.0f} GiB at the least, and this machine has "
                f"{limit / _GIB:,.0f} GiB; lower {flags}."
            )


@contextmanager
def telling_memory() -> Iterator[None]:
    """Tell in one line that memory ran out while the block ran, on the CPU or a GPU.

    Raises:
        TrainingError: it did.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error)
        ran_out = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not (ran_out or "allocate memory" in text or "not enough memory" in text):
            raise
        raise TrainingError(
            "there is not memory enough for these settings; lower --train_batch_size, "
            "--eval_batch_size or the sizes of the model."
        ) from error


def _largest_tensors(config: Any, data: PreparedData) -> list[tuple[str, int, tuple[str, ...]]]:
    """Return tensors that every run of this kind holds: name, bytes, the settings behind it."""
    widths = _widths(config)
    width = max((config[name] for name in widths), default=1)
    items, cut = data.dataset.item_num, max(config["topk"])
    rows = min(config["train_batch_size"], data.train.sample_size)
    users = min(config["eval_batch_size"], len(data.test.rows))
    vectors, lists = 3 * items * width * _FLOAT, 2 * users * cut * _FLOAT
    found = [
        ("the vectors of all items, with what the optimiser keeps of them,", vectors, widths),
        ("the lists of one batch of users", lists, ("topk", "eval_batch_size")),
    ]
    length, cures = 1, widths
    if trained_on(config.model_class) == "histories":
        length, cures = config["MAX_ITEM_LIST_LENGTH"], ("MAX_ITEM_LIST_LENGTH", *widths)
        judged = users * length * width * _FLOAT
        found.append(("the histories of one batch of users", judged, ("eval_batch_size", *cures)))
    trained = 2 * rows * length * width * _FLOAT
    found.append(("the vectors of one training batch", trained, ("train_batch_size", *cures)))
    attending = attends(config.model_class) and config["dnn_type"] != "ave"
    if attending and isinstance(config["n_heads"], int):
        size = rows * config["n_heads"] * length * length * _FLOAT
        cures = ("MAX_ITEM_LIST_LENGTH", "train_batch_size", "n_heads")
        found.append(("the attention of one training batch", size, cures))
    if isinstance(config["num_negatives"], int) and config["negative_sampling"] != "full":
        size = rows * min(config["num_negatives"], items) * _FLOAT
        found.append(("the scores of the negatives", size, ("train_batch_size", "num_negatives")))
    if config["negative_sampling"] == "full" or config["loss_type"] == "CE":
        size = rows * items * _FLOAT
        found.append(("the scores of all items", size, ("train_batch_size",)))
    return found


def _widths(config: Any) -> tuple[str, ...]:
    """Return the names of the settings that say how wide vectors are."""
    final = config.final_config_dict
    names = (name for name, value in final.items() if isinstance(value, int))
    return tuple(name for name in names if name.endswith(_WIDTHS))


def _largest_memory() -> int:
    host = int(psutil.virtual_memory().total)
    if not torch.cuda.is_available():
        return host
    return max(host, int(torch.cuda.get_device_properties(0).total_memory))
