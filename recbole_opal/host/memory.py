"""Does a run fit into memory? What it needs at the least is told before the system kills it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import torch

from recbole_opal.errors import SettingsError, TrainingError
from recbole_opal.host.prepare import PreparedData
from recbole_opal.host.upstream_models import known_upstream, trained_on

__all__ = ["check_memory", "telling_memory"]

_FLOAT = 4
_GIB = 2**30
_WIDTHS = ("hidden_size", "embedding_size")  # how the names of vectors' widths end


def check_memory(config: Any, data: PreparedData) -> None:
    """Refuse settings whose largest tensor alone is more than the machine has memory for.

    Raises:
        SettingsError: one tensor is too large; the settings that make it so are named.
    """
    limit = _largest_memory()
    for what, floats, cures in _largest_tensors(config, data):
        size = floats * _FLOAT
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


def _tables(config: Any) -> int:
    """Return how many tables of vectors stand beside each other, with Adam's moments two more."""
    return 1 if config["item_optimizer"] == "rowwise_adagrad" else 3


def _largest_tensors(config: Any, data: PreparedData) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield tensors that every run of this kind holds: name, numbers, the settings behind it."""
    widths = tuple(
        name
        for name, value in config.final_config_dict.items()
        if isinstance(value, int) and name.endswith(_WIDTHS)
    )
    width = max((config[name] for name in widths), default=1)
    items, cut = data.dataset.item_num, max(config["topk"])
    rows = min(config["train_batch_size"], data.train.sample_size)
    users = min(config["eval_batch_size"], len(data.test.rows))
    everything = "the vectors of all items, with what the optimiser keeps of them,"
    yield everything, _tables(config) * items * width, widths
    yield "the lists of one batch of users", 2 * users * cut, ("topk", "eval_batch_size")
    length, cures = 1, widths
    if trained_on(config.model_class) == "histories":
        length, cures = config["MAX_ITEM_LIST_LENGTH"], ("MAX_ITEM_LIST_LENGTH", *widths)
        told = ("eval_batch_size", *cures)
        yield "the histories of one batch of users", users * length * width, told
    told = ("train_batch_size", *cures)
    yield "the vectors of one training batch", 2 * rows * length * width, told
    known = known_upstream(config.model_class)
    attends = known is not None and known.attends and config["dnn_type"] != "ave"
    if attends and isinstance(config["n_heads"], int):
        told = ("MAX_ITEM_LIST_LENGTH", "train_batch_size", "n_heads")
        yield "the attention of one training batch", rows * config["n_heads"] * length**2, told
    if isinstance(config["num_negatives"], int) and config["negative_sampling"] != "full":
        drawn = min(config["num_negatives"], items)
        yield "the scores of the negatives", rows * drawn, ("train_batch_size", "num_negatives")
    if config["negative_sampling"] == "full" or config["loss_type"] == "CE":
        yield "the scores of all items", rows * items, ("train_batch_size",)


def _largest_memory() -> int:
    host = int(psutil.virtual_memory().total)
    if not torch.cuda.is_available():
        return host
    return max(host, int(torch.cuda.get_device_properties(0).total_memory))
