"""Which tracker `--tracking` names, and whether it can be used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from recbole_opal.process.program import installation
from recbole_opal.tracking.tracker import Tracker, TrackingError

__all__ = ["TRACKERS", "open_tracker", "require_tracker"]

TRACKERS = ("mlflow", "wandb")
"""What `tracking` may name: a library, an extra of pyproject.toml and a module here alike."""
_CLASSES = {"mlflow": "MlflowRun", "wandb": "WandbRun"}


def require_tracker(kind: str | None) -> None:
    """Refuse to begin with a tracker that is not installed, reachable or logged in.

    Args:
        kind: one of `TRACKERS`; None: nothing is tracked, imported or asked.

    Raises:
        TrackingError: it cannot be used; the message holds the fix.
    """
    if kind is None:
        return
    if find_spec(kind) is None:
        raise TrackingError(
            f"--tracking={kind} needs {kind}, which is not installed; install with "
            f"`{installation(kind)}`, or leave --tracking away."
        )
    _of(kind, f"require_{kind}")()


def open_tracker(
    kind: str, name: str, run_id: str | None, group: str, project: str | None = None
) -> Tracker:
    """Begin a tracked run, or go on with the one of this id.

    Args:
        kind: one of `TRACKERS`.
        name: of the run.
        run_id: None begins a new one.
        group: what runs of one kind have in common.
        project: of W&B; MLflow's experiment is named by its own variable alone.

    Raises:
        TrackingError: the tracker refuses.
    """
    more = {"project": project} if kind == "wandb" else {}
    opened: Tracker = _of(kind, _CLASSES[kind])(name, run_id, group, **more)
    return opened


def _of(kind: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(f"recbole_opal.tracking.{kind}_run"), name)
    return found
