"""Histories that do not fit in memory: sorted once into flat files, which are then mapped."""

from recbole_opal.data.stored.build import stored_histories
from recbole_opal.data.stored.files import StoredHistories, StoredSequences
from recbole_opal.data.stored.log_file import LogFile
from recbole_opal.data.stored.sorting import Rows

__all__ = ["LogFile", "Rows", "StoredHistories", "StoredSequences", "stored_histories"]
