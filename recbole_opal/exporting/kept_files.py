"""What of a run goes into a bundle: all that serving reads, nothing of users or of the machine."""

from __future__ import annotations

from typing import Any

from recbole_opal.own_models import is_address
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.runs.file_names import FEATURES_NAME, weights_name
from recbole_opal.runs.origin import UNIMPORTANT

__all__ = ["copy_of_run", "public_settings", "recorded_sources"]

# Settings that name a place on the machine of the run, beside those that do not matter.
_PLACES = {"config_files", "dataloaders_save_path", "dataset_save_path", "worker"}


def copy_of_run(bundle: RunFolder, run: RunReader, stage: str, *, categories: bool) -> None:
    """Copy the files that serving reads, for one stage.

    The tokens of users stay behind, for they are personal data, as do the values of each user.

    Args:
        bundle: being written.
        run: finished.
        stage: whose weights are kept; the bundle knows no other.
        categories: whether the items' categories go along, where they are known.
    """
    settings, metrics = run.load_yaml("config.yaml"), run.load_json("metrics.json")
    bundle.save_yaml("config.yaml", public_settings(settings))
    kept = [settings["ITEM_ID_FIELD"]]
    copied = ["item_counts.npz", "origin.json", weights_name(stage)]
    if categories and "item_categories.npz" in run.names:
        kept.append(str(settings.get("category_field")))
        copied.append("item_categories.npz")
    if FEATURES_NAME in run.names:
        kept += run.load_arrays(FEATURES_NAME)["columns"].tolist()
        copied.append(FEATURES_NAME)
    tokens = run.load_json("ids.json")
    bundle.save_json("ids.json", {field: tokens[field] for field in kept})
    only = {"stages": {stage: metrics["stages"][stage]}, "best_stage": stage}
    bundle.save_json("metrics.json", metrics | only)
    for name in copied:
        bundle.write(name, run.read(name))


def public_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings without those that tell of one machine: folders, devices, accounts.

    The place of a model of the user's own stays, since its class is found by it.
    """
    private = UNIMPORTANT | _PLACES
    return {name: value for name, value in settings.items() if name not in private}


def recorded_sources(run: RunReader) -> dict[str, str]:
    """Return where the user's own model stands and the SHA-256 of each own class's file.

    Empty for a model of this library.
    """
    model = str(run.load_yaml("config.yaml")["model"])
    if not is_address(model):
        return {}
    versions = run.load_json("origin.json")["versions"].items()
    return {"address": model} | {
        name.removeprefix("file of "): digest
        for name, digest in versions
        if name.startswith("file of ")
    }
