"""Settings: the command line's grammar, the yaml files, and the one place where values are checked.

`OpalConfig` lives in `recbole_opal.settings.config`: importing it costs seconds (it imports RecBole
and torch), so that a mistyped flag can be refused before that.
"""

from recbole_opal.settings.commandline import Request, parse_arguments

__all__ = ["Request", "parse_arguments"]
