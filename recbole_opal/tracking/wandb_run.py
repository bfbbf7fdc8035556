"""A run in Weights & Biases; `WANDB_MODE=offline` keeps it on the disk, to be synced later."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from recbole_opal.errors import reason_of
from recbole_opal.tracking.tracker import TrackingError

__all__ = ["WandbRun", "require_wandb"]

_MODE, _PROJECT = "WANDB_MODE", "WANDB_PROJECT"
_USUAL = "recbole-opal"
_PATIENCE = 60.0  # seconds that its server has to answer


def require_wandb() -> None:
    """Refuse to begin where nobody is logged in, as a TrackingError; offline nobody need be."""
    import wandb

    if os.environ.get(_MODE, "online") in ("offline", "disabled", "dryrun"):
        return
    with _refusing():
        if not wandb.login(prompt=False):
            raise ValueError("nobody is logged in")


class WandbRun:
    """See `Tracker`; each stage's curves are drawn over its own epochs.

    Args:
        name: of the run.
        run_id: of a run that is to go on; None: a new one.
        group: what runs of one kind have in common.
        project: None: that of WANDB_PROJECT, else recbole-opal.
    """

    kind = "wandb"

    def __init__(
        self,
        name: str,
        run_id: str | None = None,
        group: str = "",
        project: str | None = None,
    ) -> None:
        import wandb

        with _refusing():
            self._run = wandb.init(
                project=project or os.environ.get(_PROJECT) or _USUAL,
                name=name,
                id=run_id or token_hex(6),
                resume="allow",
                group=group or None,
                reinit="create_new",
                settings=wandb.Settings(silent=True, console="off", init_timeout=_PATIENCE),
            )
        self.run_id: str = self._run.id
        self.place = f"Weights & Biases, run {self.run_id}, {self._where()}"
        self._stages: set[str] = set()

    def _where(self) -> str:
        if self._run.offline:
            return f"offline; `wandb sync {Path(self._run.dir).parent}` sends it"
        return str(self._run.url)

    def settings(self, values: Mapping[str, Any]) -> None:
        """Note all settings as the run's config."""
        self._run.config.update(dict(values), allow_val_change=True)

    def curves(self, stage: str, epoch: int, values: Mapping[str, float]) -> None:
        """Note a point of each curve, over the epochs of the stage."""
        axis = f"{stage}/epoch"
        if stage not in self._stages:
            self._stages.add(stage)
            self._run.define_metric(axis)
            self._run.define_metric(f"{stage}/*", step_metric=axis)
        self._run.log({axis: epoch, **values})

    def results(self, values: Mapping[str, float], words: Mapping[str, str]) -> None:
        """Note final numbers and words in the summary."""
        self._run.summary.update({**values, **words})

    def files(self, paths: Sequence[Path]) -> None:
        """Log files as one artifact of the run."""
        import wandb

        artifact = wandb.Artifact(f"run-{self.run_id}", type="run")
        for path in paths:
            artifact.add_file(str(path))
        self._run.log_artifact(artifact)

    def close(self, *, failed: bool) -> None:
        """Finish the run; what is still to be sent is waited for."""
        self._run.finish(exit_code=int(failed))


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what W&B raises into one line with the fix."""
    try:
        yield
    except Exception as error:
        raise TrackingError(
            f"--tracking=wandb: Weights & Biases cannot be used ({reason_of(error)}); give "
            "`wandb login`, set WANDB_MODE=offline to keep the run on this disk, or leave "
            "--tracking away."
        ) from error
