"""Data sets as atomic files of RecBole: of raw logs, in one pass and fixed memory, or drawn."""
