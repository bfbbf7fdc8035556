"""TensorBoard as RecBole has it, and a way to do without."""

from __future__ import annotations

import shutil
from typing import Any

__all__ = ["close_tensorboard"]


class _NoTensorboard:
    """Takes what RecBole writes and does nothing with it, because the user asked for that."""

    def add_scalar(self, *values: Any) -> None:
        """Write nothing."""

    def add_hparams(self, *values: Any) -> None:
        """Write nothing."""


def close_tensorboard(trainer: Any, *, enabled: bool) -> None:
    """Unless `enabled`, remove the event folder RecBole's trainer has just opened.

    RecBole opens `log_tensorboard/...` in every trainer's constructor, unconditionally.

    Args:
        trainer: a RecBole trainer, just built.
        enabled: the setting `tensorboard`.
    """
    if enabled:
        return
    trainer.tensorboard.close()
    shutil.rmtree(trainer.tensorboard.log_dir, ignore_errors=True)
    trainer.tensorboard = _NoTensorboard()
