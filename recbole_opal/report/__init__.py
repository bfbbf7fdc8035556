"""`report.html`: a comparison as one file with pictures, which needs no network and no script."""

from recbole_opal.report.write import write_report

__all__ = ["write_report"]
