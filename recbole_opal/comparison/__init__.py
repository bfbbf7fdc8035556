"""What came out of a comparison: one object, its rows and differences, and tables as its views."""

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Diagnostics, Difference, Row, Spread, spread

__all__ = ["ComparisonResult", "Diagnostics", "Difference", "Row", "Spread", "spread"]
