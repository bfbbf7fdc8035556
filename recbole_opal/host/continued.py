"""What a stopped run goes on with: its own settings, the few that may change, its data again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.host.config import OpalConfig
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import data_digests
from recbole_opal.runs.placed_settings import placed_settings
from recbole_opal.settings.border import plain_settings_given
from recbole_opal.settings.paths import path_problem

__all__ = ["MAY_CHANGE", "continued_config"]

MAY_CHANGE = (
    *("epochs", "show_progress", "state", "tensorboard", "gpu_id", "use_gpu", "data_path"),
    *("histories_folder", "tracking"),
)
"""The settings that may change when a run is continued."""


def continued_config(
    folder: RunReader, changed: Mapping[str, Any], model: type[Any] | None = None
) -> OpalConfig:
    """Return the settings a run goes on with, `changed` over its own; its data must be the same."""
    for name in changed:
        if name not in MAY_CHANGE:
            raise SettingsError(
                f"--{name} cannot change when a run is continued, only "
                f"{', '.join(MAY_CHANGE)} can; start a new run with it."
            )
    plain = placed_settings(folder) | plain_settings_given(changed)
    places = dict.fromkeys(set(plain) - set(changed), str(folder.path / "config.yaml"))
    _check_same_data(folder, plain)
    return OpalConfig.from_plain(plain, model, places=places, may_change=MAY_CHANGE)


def _check_same_data(folder: RunReader, plain: Mapping[str, Any]) -> None:
    """Check that the data files are those that the run began with, byte by byte."""
    if "data_path" not in plain or "origin.json" not in folder.names:
        return  # RecBole's own copy; a run that an older version began
    root, dataset = str(plain["data_path"]), str(plain["dataset"])
    if path_problem(root):
        return  # told with the fix when the settings are checked, as is data that is not there
    place = Path(root).expanduser() / dataset
    origin = folder.load_json("origin.json")
    known = origin.get("data") if isinstance(origin, dict) else None
    if not isinstance(known, dict):
        raise CheckpointError(f"{folder.path / 'origin.json'} names no data; start a new run.")
    if path_problem(str(place / f"{dataset}.inter")) or not (place / f"{dataset}.inter").is_file():
        return
    found = data_digests(place, dataset, plain.get("load_col"))
    for name in sorted({*known, *found}):
        if known.get(name) != found.get(name):
            what = "is missing" if name not in found else "is new" if name not in known else ""
            raise SettingsError(
                f"the data set '{dataset}' is not the one this run was trained on, "
                f"{place / name} {what or 'differs'}; give back the old files, name the folder "
                "that holds theirs with --data_path, or start a new run."
            )
