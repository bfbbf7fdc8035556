"""`python -m recbole_opal COMMAND ...`; without a command it trains."""

from recbole_opal.cli import console


def _main() -> int:
    from recbole_opal.commands import main  # only now: see `recbole_opal.cli`

    return main()


if __name__ == "__main__":
    console(_main)
