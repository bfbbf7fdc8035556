"""Full-sort evaluation: models to lists, lists to metrics."""
