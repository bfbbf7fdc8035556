"""The version of this library, which runs write down."""

__version__ = "0.1.0"
