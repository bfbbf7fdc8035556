"""The command `runs`: what lies in `saved`, what a run was, and which of two is better."""
