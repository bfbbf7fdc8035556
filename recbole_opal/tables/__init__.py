"""Tables of others, read as text: csv, json, parquet, packed or not, and data frames."""

from recbole_opal.tables.opening import open_table, require_file
from recbole_opal.tables.table import Table
from recbole_opal.tables.text_rows import TextFormat

__all__ = ["Table", "TextFormat", "open_table", "require_file"]
