"""Raw logs to data sets of RecBole, by DuckDB and within fixed memory."""
