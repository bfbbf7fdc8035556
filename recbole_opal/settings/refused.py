"""Settings of RecBole that are refused here, each with its reason and what to do instead."""

from collections.abc import Mapping
from typing import Any

from recbole_opal.errors import SettingsError

__all__ = ["REFUSED_KEYS", "refuse_foreign_settings"]

_ONE_DEVICE = "runs use a single device; leave it away"
_NO_PICKLE = "files of pickled objects are never written or read here; leave it away"
_NO_KNOWLEDGE = "knowledge graphs are not read here; leave it away"

# The keys whose every value but None, False and the empty list is refused.
REFUSED_KEYS: dict[str, str] = {
    "nproc": _ONE_DEVICE,
    "world_size": _ONE_DEVICE,
    "group_offset": _ONE_DEVICE,
    "offset": _ONE_DEVICE,
    "local_rank": _ONE_DEVICE,
    "ip": _ONE_DEVICE,
    "port": _ONE_DEVICE,
    "save_dataset": _NO_PICKLE,
    "dataset_save_path": _NO_PICKLE,
    "save_dataloaders": _NO_PICKLE,
    "dataloaders_save_path": _NO_PICKLE,
    "benchmark_filename": "splits are made by --eval_args and not read from files; leave it away",
    "transform": "RecBole's batch transforms are not run here; leave it away",
    "additional_feat_suffix": _NO_KNOWLEDGE,
    "preload_weight": _NO_KNOWLEDGE,
    "threshold": "no labels are made, every row counts; filter rows with --val_interval",
    "neg_sampling": "it is RecBole 1.0's name; use --negative_sampling (OPAL) or leave it away",
    "training_neg_sample_num": "it is RecBole 1.0's name; use --num_negatives (OPAL) or leave it "
    "away",
}


def refuse_foreign_settings(settings: Mapping[str, Any]) -> None:
    """Refuse what RecBole would do and this library does not.

    Args:
        settings: name to value.

    Raises:
        SettingsError: one of `REFUSED_KEYS` is set.
    """
    for name, reason in REFUSED_KEYS.items():
        value = settings.get(name)
        if value is not None and value is not False and value != []:
            raise SettingsError(f"--{name}={value} is refused: {reason}.")
