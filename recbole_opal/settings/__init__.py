"""Settings: the command line's grammar, yaml files, types and ranges; RecBole is not imported."""

from recbole_opal.settings.commandline import Request, parse_arguments

__all__ = ["Request", "parse_arguments"]
