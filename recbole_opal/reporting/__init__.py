"""What the user sees of a run: a progress bar while it lasts, a table at its end."""

from recbole_opal.reporting.progress import TrainingProgress
from recbole_opal.reporting.table import result_table

__all__ = ["TrainingProgress", "result_table"]
