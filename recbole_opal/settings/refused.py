"""Settings of RecBole that are refused here, each with its reason and what to do instead."""

from collections.abc import Mapping
from typing import Any

from recbole_opal.errors import SettingsError

__all__ = ["REFUSED_KEYS", "refuse_foreign_settings"]

_ONE_DEVICE = "runs use a single device; leave it away"
_NO_PICKLE = "files of pickled objects are never written or read here; leave it away"
_NO_KNOWLEDGE = "knowledge graphs are not read here; leave it away"
_NO_FEATURES = "no model here reads features of users or items; leave it away"
_OWN_IDS = "users and items have the ids of their own columns alone; leave it away"

# The keys whose every value is refused but None, False, the empty list and RecBole's default.
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
    "log_wandb": "nothing is sent to Weights & Biases; metrics.json and training.jsonl of the run "
    "folder hold every value, and TensorBoard shows them; leave it away",
    "additional_feat_suffix": _NO_KNOWLEDGE,
    "preload_weight": _NO_KNOWLEDGE,
    "HEAD_ENTITY_ID_FIELD": _NO_KNOWLEDGE,
    "TAIL_ENTITY_ID_FIELD": _NO_KNOWLEDGE,
    "RELATION_ID_FIELD": _NO_KNOWLEDGE,
    "ENTITY_ID_FIELD": _NO_KNOWLEDGE,
    "kg_reverse_r": _NO_KNOWLEDGE,
    "entity_kg_num_interval": _NO_KNOWLEDGE,
    "relation_kg_num_interval": _NO_KNOWLEDGE,
    "alias_of_entity_id": _NO_KNOWLEDGE,
    "alias_of_relation_id": _NO_KNOWLEDGE,
    "alias_of_user_id": _OWN_IDS,
    "alias_of_item_id": _OWN_IDS,
    "numerical_features": _NO_FEATURES,
    "discretization": _NO_FEATURES,
    "threshold": "no labels are made, every row counts; filter rows with --val_interval",
    "neg_sampling": "it is RecBole 1.0's name; use --negative_sampling (OPAL) or leave it away",
    "training_neg_sample_num": "it is RecBole 1.0's name; use --num_negatives (OPAL) or leave it "
    "away",
}
# What RecBole's own yaml files say of these keys, where it is no kind of nothing.
_DEFAULTS = {
    "HEAD_ENTITY_ID_FIELD": "head_id",
    "TAIL_ENTITY_ID_FIELD": "tail_id",
    "RELATION_ID_FIELD": "relation_id",
    "ENTITY_ID_FIELD": "entity_id",
    "entity_kg_num_interval": "[0,inf)",
    "relation_kg_num_interval": "[0,inf)",
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
        nothing = value is None or value is False or value == []
        if not nothing and value != _DEFAULTS.get(name):
            raise SettingsError(f"--{name}={value} is refused: {reason}.")
