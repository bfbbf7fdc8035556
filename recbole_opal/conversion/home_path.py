"""Paths as they are typed."""

from recbole_opal.settings.paths import home_path

__all__ = ["home_path"]
