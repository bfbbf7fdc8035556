"""Names that are refused: unknown ones, and settings of RecBole's that are not followed here."""

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.suggest import did_you_mean

__all__ = ["COMMAND_FLAGS", "REFUSED_KEYS", "refuse_foreign_settings", "refuse_unknown"]

COMMAND_FLAGS = {"config_files", "jobs", "resume", "seeds", "tune", "tune_seconds", "tune_steps"}
"""Flags that are no settings, but may be what a misspelt name meant."""

_REASONS = {
    "torchrun starts several processes, as torchrun --nproc-per-node=2 -m recbole_opal; leave "
    "it away": "nproc world_size group_offset offset local_rank ip port",
    "batches are gathered in memory, where workers would only copy them; leave it away": "worker",
    "every model may recommend an item again; leave it away": "repeatable",
    "files of pickled objects are never written or read here; leave it away": "save_dataset "
    "dataset_save_path save_dataloaders dataloaders_save_path",
    "splits are made by --eval_args and not read from files; leave it away": "benchmark_filename",
    "RecBole's batch transforms are not run here; leave it away": "transform",
    "it is for RecBole's trainer, which is not used; write --tracking=wandb, whose project is that "
    "of --wandb_project": "log_wandb",
    "knowledge graphs are not read here; leave it away": "additional_feat_suffix preload_weight "
    "HEAD_ENTITY_ID_FIELD TAIL_ENTITY_ID_FIELD RELATION_ID_FIELD ENTITY_ID_FIELD kg_reverse_r "
    "entity_kg_num_interval relation_kg_num_interval alias_of_entity_id alias_of_relation_id",
    "users and items have the ids of their own columns alone; leave it away": "alias_of_user_id "
    "alias_of_item_id",
    "no model here reads features of users or items; leave it away": "numerical_features "
    "discretization",
    "no labels are made, every row counts; filter rows with --val_interval": "threshold",
    "it is RecBole 1.0's name; use --negative_sampling (OPAL) or leave it away": "neg_sampling",
    "it is RecBole 1.0's name; use --num_negatives (OPAL) or leave it "
    "away": "training_neg_sample_num",
}
REFUSED_KEYS = {name: reason for reason, names in _REASONS.items() for name in names.split()}
"""Settings whose every value is refused but None, False, [] and the default, with the reason."""

# What RecBole's own yaml files and ours say of these keys, where it is no kind of nothing.
_DEFAULTS = {
    "HEAD_ENTITY_ID_FIELD": "head_id",
    "TAIL_ENTITY_ID_FIELD": "tail_id",
    "RELATION_ID_FIELD": "relation_id",
    "ENTITY_ID_FIELD": "entity_id",
    "entity_kg_num_interval": "[0,inf)",
    "relation_kg_num_interval": "[0,inf)",
    "worker": 0,
    "repeatable": True,
}


def refuse_foreign_settings(settings: Mapping[str, Any]) -> None:
    """Refuse what RecBole would do and this library does not."""
    for name, reason in REFUSED_KEYS.items():
        value = settings.get(name)
        # False is no kind of nothing where the default is True.
        nothing = value is None or value == [] or (value is False and name != "repeatable")
        if not nothing and value != _DEFAULTS.get(name):
            raise SettingsError(f"--{name}={value} is refused: {reason}.")


def refuse_unknown(given: Mapping[str, Any], known: set[str], models: Sequence[str]) -> None:
    """Refuse names that none of the models has, each with the name that may have been meant."""
    for name, value in given.items():
        if name in known:
            continue
        nobody = f"{models[0]} has no" if len(models) == 1 else f"none of {', '.join(models)} has a"
        hint = did_you_mean(name, (known | COMMAND_FLAGS) - set(REFUSED_KEYS), "--")
        hint = hint or f"; `{command('--help=all')}` lists the settings."
        if name in COMMAND_FLAGS:
            hint = (
                ", it is a flag of the command and an argument of recbole_opal.compare; give it "
                "to one of these."
            )
        raise SettingsError(f"--{name}={value}: {nobody} setting {name}{hint}")
