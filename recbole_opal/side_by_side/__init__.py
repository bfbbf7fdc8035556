"""Several models and seeds side by side, each run in a process of its own.

`compare` puts it together: `variants` reads what is compared, `planning` decides which settings
each run gets, `tuned_variants` searches some of them, `execution` does the runs that `known_runs`
does not find, each as a `worker_process`, and `collecting` makes the rows.
"""
