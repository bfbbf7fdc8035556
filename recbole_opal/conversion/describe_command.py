"""The command `describe`: what a data set holds."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from recbole_opal.commands import exit_code
from recbole_opal.errors import SettingsError
from recbole_opal.settings.commandline import split_flags
from recbole_opal.settings.datafiles import BUNDLED_DATASET, check_data_folder
from recbole_opal.suggest import did_you_mean

__all__ = ["describe", "main"]

_FLAGS = {
    "data_path": "the folder above that of the data set; default: dataset",
    "dataset": "the same as NAME",
    "USER_ID_FIELD": "field of the users; default: user_id",
    "ITEM_ID_FIELD": "field of the items; default: item_id",
    "TIME_FIELD": "field of the times; default: timestamp",
    "encoding": "of the files; default: UTF-8",
}


def main(argv: Sequence[str]) -> int:
    """Run `describe`.

    Args:
        argv: what stands behind `describe`.

    Returns:
        0, or 2 after an error, which is one line on standard error.
    """
    if {"--help", "-h"} & set(argv):
        print("usage: python -m recbole_opal describe NAME [--data_path=FOLDER]\n")
        for name, meaning in _FLAGS.items():
            print(f"  --{name}: {meaning}")
        return 0
    return exit_code(lambda: describe(*_parse(argv)))


def describe(folder: Path, fields: tuple[str, str, str], encoding: str = "utf-8-sig") -> None:
    """Print the figures of a data set.

    Args:
        folder: with `NAME.inter`, NAME being its last part.
        fields: names of the fields of users, items and times.
        encoding: of the files.

    Raises:
        DataError: a file is missing or malformed.
    """
    # Imported only now: a mistyped argument is told at once.
    from recbole_opal.conversion.describe_tables import describe_tables
    from recbole_opal.conversion.progress import ReadingProgress
    from recbole_opal.conversion.read_atomic import read_items, read_log
    from recbole_opal.conversion.source import Tally
    from recbole_opal.conversion.statistics import measure_log
    from recbole_opal.conversion.tables import total_bytes

    check_data_folder(folder, folder.name, fields, encoding=encoding)
    inter, item = folder / f"{folder.name}.inter", folder / f"{folder.name}.item"
    tally = Tally(bytes_total=total_bytes([inter]))
    with ReadingProgress() as progress:
        log, items = read_log(inter, fields, tally, progress.advance, encoding)
    covers = read_items(item, fields[1], items, encoding) if item.is_file() else []
    screen = Console()
    for table in describe_tables(folder.name, measure_log(log), tally, covers):
        screen.print(table)


def _parse(argv: Sequence[str]) -> tuple[Path, tuple[str, str, str], str]:
    names = [argument for argument in argv if not argument.startswith("-")]
    flags = split_flags([argument for argument in argv if argument.startswith("-")])
    for flag in flags:
        if flag not in _FLAGS:
            hint = did_you_mean(flag, _FLAGS, "--") or f"; choose from {', '.join(_FLAGS)}."
            raise SettingsError(f"--{flag} is not a flag of describe{hint}")
    names += [flags["dataset"]] if "dataset" in flags else []
    if len(names) != 1 or not names[0]:
        given = f"{len(names)} data sets are named" if names else "no data set is named"
        raise SettingsError(f"{given}; write for example describe {BUNDLED_DATASET}.")
    fields = (
        flags.get("USER_ID_FIELD", "user_id"),
        flags.get("ITEM_ID_FIELD", "item_id"),
        flags.get("TIME_FIELD", "timestamp"),
    )
    folder = _folder(names[0], flags.get("data_path"))
    return folder, fields, flags.get("encoding", "utf-8-sig")


def _folder(name: str, data_path: str | None) -> Path:
    # A path is what the shell completes; `dataset/NAME` is as clear as NAME.
    given = Path(name).expanduser()
    if data_path is None and given.parent != Path():
        return given
    folder = Path(data_path or "dataset").expanduser() / name
    host = find_spec("recbole") if name == BUNDLED_DATASET and data_path is None else None
    if host is not None and host.origin and not folder.is_dir():
        return Path(host.origin).parent / "dataset_example" / name
    return folder
