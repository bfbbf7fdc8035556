"""What the user sees of a run: a bar and log lines while it lasts, tables at its end."""

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.console.result_tables import interests_table, result_table

__all__ = ["TrainingProgress", "interests_table", "result_table"]
