"""A data set whose interactions lie in mapped files, in the place of RecBole's, which holds all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recbole_opal.data.atomic_files import TableFormat
from recbole_opal.data.protocols import Part, Split, apply_protocol
from recbole_opal.data.stored import LogFile, stored_histories
from recbole_opal.data.training_part import TrainingPart
from recbole_opal.data.user_sequences import UserSequences
from recbole_opal.errors import SettingsError
from recbole_opal.runs.origin import data_digests
from recbole_opal.settings.model_schemas import section_of

__all__ = ["StoredDataset", "check_stored"]

_ALL = "[0,inf)"
_FILTERS: dict[str, tuple[Any, ...]] = {
    "rm_dup_inter": (None,),
    "drop_duplicates": (False,),
    "val_interval": (None, {}),
    "user_inter_num_interval": (None, _ALL),
    "item_inter_num_interval": (None, _ALL),
    "normalize_all": (None, False),
    "normalize_field": (None, []),
    "category_field": (None,),
}
"""Settings that need the whole table in memory, and the values under which they do nothing."""
_PROTOCOLS = ("RS", "LS", "user")


class StoredDataset:
    """What `FutureItemDataset` is to a run, of a log that lies in files and not in memory.

    Ids, order, split and batches are the same. What grows in memory are a few numbers a user and
    the tokens of users and items, never the interactions; there is no `inter_feat`, which RecBole's
    own models need.

    Attributes:
        note: a line on files that were built again, None if they were not.

    Raises:
        DataError: the file is malformed, or the folder cannot be written.
    """

    split: Split
    item_feat = None

    def __init__(self, config: Any) -> None:
        self.config, self.dataset_name = config, config["dataset"]
        self.uid_field, self.iid_field = config["USER_ID_FIELD"], config["ITEM_ID_FIELD"]
        self.time_field = config["TIME_FIELD"]
        path = Path(config["data_path"]) / f"{self.dataset_name}.inter"
        form = TableFormat(*(config[n] for n in ("field_separator", "seq_separator", "encoding")))
        columns = [self.uid_field, self.iid_field, self.time_field]
        log = LogFile(path, form, columns, config["time_unit"])
        place = Path(config["histories_folder"]) / self.dataset_name
        stored, self.note = stored_histories(place, _source(config, path.parent), log)
        self.sequences: UserSequences = stored.sequences
        self.time_unit = stored.time_unit
        self.field2id_token = {
            self.uid_field: stored.tokens["users"],
            self.iid_field: stored.tokens["items"],
        }
        self.user_num, self.item_num = map(len, self.field2id_token.values())
        self.filtered: dict[str, int] = {}
        self.dropped: dict[str, int] = {}

    def build(self) -> list[StoredDataset]:
        """Split the sequences; return the data set three times, as RecBole's."""
        rule, rounding = self.config["eval_args"]["split"], self.config["ratio_rounding"]
        self.split = apply_protocol(rule, rounding, self.sequences, None)
        return [self, self, self]

    @property
    def training(self) -> TrainingPart:
        """The training interactions, after `build()`."""
        return TrainingPart(self.sequences, self.split.train_ends)

    def num(self, field: str) -> int:
        """Return the number of users or items, the padding among them."""
        return len(self.field2id_token[field])

    def known_before(self, part: Part) -> None:
        """Return None: models of ours read histories, not a matrix of interactions."""


def check_stored(settings: Mapping[str, Any], model_class: type[Any]) -> None:
    """Refuse, where histories are to lie in files, what needs all interactions in memory.

    Raises:
        SettingsError: the first such setting is named.
    """
    if settings["histories_folder"] is None:
        return
    split = next(iter(settings["eval_args"]["split"]))
    files = set(settings["load_col"] or ("inter", "item", "user"))
    filters = (name for name, harmless in _FILTERS.items() if settings.get(name) not in harmless)
    used = next(filters, None)
    if section_of(model_class) is None:
        what = f"--model={model_class.__name__} holds all interactions in memory"
        fix = "take a multi-interest model, as OPAL"
    elif used is not None:
        what = f"--{used}={settings[used]} looks at all rows together"
        fix = f"leave --{used} away" + (
            ", and write --category_field=None" if used == "category_field" else ""
        )
        fix += ", and filter the file beforehand, with `convert`"
    elif split not in _PROTOCOLS:
        what = f"--eval_args: the split '{split}' looks at all rows together"
        fix = f"take one of {', '.join(_PROTOCOLS)}"
    elif settings.get("item_features"):
        what = "--item_features asks for a file of items, which is not read"
        fix = "leave --item_features away"
    elif files != {"inter"}:
        what = "--load_col names files of items or users, which are not read"
        columns = [settings[name] for name in ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD")]
        fix = f'write --load_col="{ {"inter": columns} }"'
    else:
        return
    raise SettingsError(f"--histories_folder: {what}; {fix}, or leave --histories_folder away.")


def _source(config: Any, folder: Path) -> str:
    """Return the digest of the file and of the settings that decide what is made of it."""
    names = ("field_separator", "encoding", "USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD")
    made_from = {
        "files": data_digests(folder, config["dataset"], {"inter": []}),
        **{name: config[name] for name in (*names, "time_unit")},
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
