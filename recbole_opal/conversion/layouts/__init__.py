"""The official files of public micro-video data sets, one module each."""

from recbole_opal.conversion.layouts.registry import LAYOUTS, detect_layout, find_layout

__all__ = ["LAYOUTS", "detect_layout", "find_layout"]
