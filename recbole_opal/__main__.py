"""`python -m recbole_opal COMMAND ...`; without a command it trains."""

from recbole_opal.cli import console
from recbole_opal.commands import main

if __name__ == "__main__":
    console(main)
