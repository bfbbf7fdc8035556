"""A trained model over HTTP: recommend, explain, health, metrics; bundles change while it runs."""
