"""Exporters that keep their remarks to themselves."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]

_TALKATIVE = (
    "onnx_ir",
    "onnxscript",
    "torch.export",
    "torch.onnx",
    "torch.onnx._internal.exporter._registration",  # has a level of its own
)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and the exporters' logs below errors; both are as before afterwards."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
