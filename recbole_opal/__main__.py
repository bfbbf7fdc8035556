"""`python -m recbole_opal COMMAND ...`; without a command it trains."""

from recbole_opal.cli import console

if __name__ == "__main__":
    console()
