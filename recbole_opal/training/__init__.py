"""Training in stages with a loop of our own and exact resumption."""
