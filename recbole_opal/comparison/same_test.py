"""May runs be compared? Only where they were asked the same of the same users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.errors import CheckpointError, SettingsError, quoted, refusing
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import Origin
from recbole_opal.settings.protocol import masks_history

__all__ = ["refuse_other_tests", "require_tested"]

_JUDGED_BY = (
    "eval_args",
    "cold_items",
    "ratio_rounding",
    "USER_ID_FIELD",
    "ITEM_ID_FIELD",
    "TIME_FIELD",
    "time_unit",
    "rm_dup_inter",
    "drop_duplicates",
    "val_interval",
    "filter_inter_by_user_or_item",
    "user_inter_num_interval",
    "item_inter_num_interval",
)
"""Settings that decide which users are asked, what is searched for, and among what."""


def require_tested(run: RunReader) -> None:
    """Refuse a run that has not finished, or that never looked at its test part."""
    if "metrics.json" not in run.names:
        raise CheckpointError(
            f"{run.path} holds a run that has not finished; go on with --resume={run.path}."
        )
    if "bundle.json" in run.names:
        raise SettingsError(
            f"{run.path} is a bundle, which holds no lists of the test part; name the run that it "
            "was exported from."
        )
    if "targets-test.npz" not in run.names:
        raise SettingsError(
            f"{run.path} was made with --test_at_end=False and has nothing to compare on test; "
            "train it again without."
        )


def refuse_other_tests(runs: Sequence[RunReader]) -> None:
    """Refuse runs whose test parts are not one and the same.

    Raises:
        SettingsError: data, protocol, users or targets differ; what differs is named.
        CheckpointError: a run has not finished, or is damaged.
    """
    for run in runs:
        require_tested(run)
    first, *others = runs
    if not others:
        return
    asked, targets = _asked(first), load_arrays(first, "targets-test.npz")
    for other in others:
        here = _asked(other)
        # In both: of an older run the digests of its data are not known.
        both = [name for name in asked if name in here]
        why = [_told(name, asked[name], here[name]) for name in both if asked[name] != here[name]]
        found = load_arrays(other, "targets-test.npz")
        if any(not np.array_equal(found[name], targets[name]) for name in ("user_id", "item")):
            why.append("the targets of the test part are others")
        if why:
            raise SettingsError(
                f"{other.path} cannot be compared with {first.path}: {quoted(why[0])}; choose runs "
                "of the same data and protocol."
            )


def _asked(run: RunReader) -> dict[str, Any]:
    """Return what a run was asked: data, settings, and the ids of users and items."""
    settings, ids = run.load_yaml("config.yaml"), run.load_json("ids.json")
    asked: dict[str, Any] = {"dataset": settings.get("dataset")}
    if "origin.json" in run.names:
        data = Origin.from_plain(run.load_json("origin.json")).data
        asked |= {name: digest for name, digest in data.items() if name.endswith(".inter")}
    asked |= {name: settings.get(name) for name in _JUDGED_BY}
    with refusing(str(run.path / "config.yaml"), "does not say how the run was judged"):
        # None and what the protocol does by itself are one.
        asked |= {"mask_history": masks_history(settings)}
    fields = settings.get("USER_ID_FIELD"), settings.get("ITEM_ID_FIELD")
    return asked | {"ids.json": [ids.get(field) for field in fields]}


def _told(name: str, there: Any, here: Any) -> str:
    """Say of which part of what was asked two runs differ, if they do."""
    if name == "ids.json":
        return "their users or items are others"
    if name.endswith(".inter"):
        return f"{name} has changed between them"
    return f"{name} is {there} there and {here} here"
