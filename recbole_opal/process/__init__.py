"""The process we run in: how it was called, what it lends us and what it gets back."""
