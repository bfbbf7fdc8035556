"""Histories out of whatever a caller has: Python's containers, frames, files of five formats."""

from recbole_opal.serving.sources.columns import Columns
from recbole_opal.serving.sources.read import BATCH, read_histories

__all__ = ["BATCH", "Columns", "read_histories"]
