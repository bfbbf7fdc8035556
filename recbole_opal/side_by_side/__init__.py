"""Several models and seeds side by side, each run in a process of its own.

`variants` reads what is compared, `planning` decides which settings each run gets, `known_runs`
finds what is done already, `worker_process` and `execution` run the rest, `collecting` makes the
rows. `compare` puts it together.
"""
