"""Logs whose truth is known, of any size."""
