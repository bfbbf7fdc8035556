"""Whether the numbers of the results pages still come out: one cheap figure a page, made again."""
