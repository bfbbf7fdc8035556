"""The command `index`: which approximate search pays for the items of a run, and at what recall."""
