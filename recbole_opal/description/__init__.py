"""What a data set holds, counted by DuckDB."""
