"""Data sets as RecBole's atomic files: of raw logs in one pass and within fixed memory, or drawn."""
