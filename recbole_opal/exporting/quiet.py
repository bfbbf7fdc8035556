"""Exporters that keep their remarks to themselves."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

__all__ = ["quiet"]

_TALKATIVE = (
    "onnx_ir",
    "onnxscript",
    "torch.export",
    "torch.onnx",
    "torch.fx.experimental.symbolic_shapes",
    "torch.onnx._internal.exporter._registration",  # has a level of its own
)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, the exporters' logs below errors, and the graphs they print when they fail.

    All is as before afterwards; an error still goes through.
    """
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
