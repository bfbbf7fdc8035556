"""What a run that goes on must share with its beginning, and what its origin says afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging import getLogger
from typing import Any

import torch

from recbole_opal.errors import SettingsError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.origin import sources_of
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.runs.origin import Origin, settings_digest
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.snapshot import is_on_course

__all__ = ["adopt", "as_begun", "check_same"]


def check_same(folder: RunReader, config: OpalConfig, tokens: Any) -> None:
    """Refuse to go on with other users and items, or with a model of the user's that was edited."""
    if folder.load_json("ids.json") != tokens:
        raise SettingsError(
            f"the data set '{config['dataset']}' is not the one this run was trained on; "
            "give back the old files or start a new run."
        )
    begun = _origin_in(folder)
    if begun is None:
        return
    for name, sha in sources_of(config).items():
        if begun.versions.get(f"file of {name}") != sha:
            raise SettingsError(
                f"the file of {name} is not the one this run was begun with; give back the old "
                "one or start a new run."
            )


@contextmanager
def as_begun(folder: RunFolder, machine: Mapping[str, str]) -> Iterator[None]:
    """Give the block the number of threads that the run began with.

    Where the run began on another device or processor than the `machine_of` today, one warning
    tells so, and its origin becomes one that stands for no other run. A new run is on its own
    machine: nothing happens.
    """
    begun, threads = _origin_in(folder), torch.get_num_threads()
    try:
        if begun is not None and begun.machine.get("threads", "").isdecimal():
            torch.set_num_threads(int(begun.machine["threads"]))
            _note_the_change(folder, begun, {**machine, "threads": begun.machine["threads"]})
        yield
    finally:
        torch.set_num_threads(threads)


def adopt(folder: RunFolder, config: OpalConfig, loop: TrainingLoop) -> None:
    """Let the folder say what the run is now: with other epochs it is another, undone run.

    It stands for a run that has had these epochs from its beginning only where it has gone
    that way: one that is past them would be a longer run in the other's place.
    """
    if folder.load_yaml("config.yaml").get("epochs") == config["epochs"]:
        return
    made_from = plain = config.as_plain_dict()
    if not is_on_course(loop):
        getLogger("recbole_opal").warning(
            "with --epochs=%s from its beginning this run would have gone another way: it "
            "keeps what it has been trained, and no comparison will reuse it",
            config["epochs"],
        )
        made_from = plain | {"trained": [[row["stage"], row["epoch"]] for row in loop.history]}
    with folder.update():
        folder.save_yaml("config.yaml", plain)
        if "origin.json" in folder.names:
            origin = folder.load_json("origin.json") | {"settings": settings_digest(made_from)}
            folder.save_json("origin.json", origin)
        folder.drop("metrics.json")


def _origin_in(folder: RunReader) -> Origin | None:
    """Return what the folder says of its origin; those of the first versions say nothing."""
    known = "origin.json" in folder.names
    return Origin.from_plain(folder.load_json("origin.json")) if known else None


def _note_the_change(folder: RunFolder, begun: Origin, now: Mapping[str, str]) -> None:
    old = begun.machine
    names = [name for name in sorted({*old, *now}) if old.get(name) != now.get(name)]
    if not names:
        return
    usual = {"processes": "1"}  # of a run that says nothing of them
    pairs = {
        name: tuple(each.get(name, usual.get(name, "-")) for each in (old, now)) for name in names
    }
    getLogger("recbole_opal").warning(
        "this run began elsewhere (%s): it goes on, but its last digits may differ from those of "
        "an unbroken run, and no comparison will reuse it",
        "; ".join(f"{name} {before}, now {after}" for name, (before, after) in pairs.items()),
    )
    both = {name: f"{before}, then {after}" for name, (before, after) in pairs.items()}
    with folder.update():
        folder.save_json("origin.json", begun.on({**old, **both}).as_plain())
