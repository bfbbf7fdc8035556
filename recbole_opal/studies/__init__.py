"""Questions that readers of the paper ask, each answered by one command and one page.

A `Study` says which rows a comparison needs and what its numbers say; `registry` lists them,
`study_command` makes the comparisons, `page` writes what came out.
"""
