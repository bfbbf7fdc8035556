"""`report.html`: a comparison as one file with pictures, which needs no network and no script."""
