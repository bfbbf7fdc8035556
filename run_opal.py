"""Train, evaluate and keep a model: `python run_opal.py --dataset=ml-100k`, `--help` for more."""

from recbole_opal.cli import console

if __name__ == "__main__":
    console()
