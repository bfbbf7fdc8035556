"""Side by side: several models and seeds, each run in its own process, one table over all.

`variants` reads what is compared, `planning` decides which settings each run gets, `reuse` finds
what is done already, `process` and `execution` run the rest, `collecting` and `differences` make
the rows, the table modules write them. `compare` puts it together.
"""
