"""Atomic files as flat user sequences, protocols over them, and the batches cut out of them."""
