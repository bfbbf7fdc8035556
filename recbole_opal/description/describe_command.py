"""The command `describe`: what a data set holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recbole_opal.data.bundled import BUNDLED_DATASET, bundled_folder
from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import home_path
from recbole_opal.settings.values import load_settings_file
from recbole_opal.sql import opened_engine

if TYPE_CHECKING:
    from recbole_opal.description.atomic_sql import AtomicForm

__all__ = ["describe", "main"]

_MEMORY = "512MB"  # enough for 64 MiB at a time, as counting many millions of pairs takes
_FLAGS = {
    "data_path": "the folder above that of the data set; default: dataset",
    "dataset": "the same as NAME",
    "USER_ID_FIELD": "field of the users; default: user_id",
    "ITEM_ID_FIELD": "field of the items; default: item_id",
    "TIME_FIELD": "field of the times; default: timestamp",
    "encoding": "of the files; default: UTF-8",
    "field_separator": "between two columns; default: a tab",
    "time_unit": "of the times; default: judged from them",
    "memory": f"how much of it may be used before data waits on the disk; default: {_MEMORY}",
}
# What the settings beside the data may say too, with RecBole's defaults.
_FORM = {
    "USER_ID_FIELD": "user_id",
    "ITEM_ID_FIELD": "item_id",
    "TIME_FIELD": "timestamp",
    "encoding": "utf-8",
    "field_separator": "\t",
}


def main(argv: Sequence[str]) -> int:
    """Run `describe`.

    Args:
        argv: what stands behind `describe`.

    Returns:
        0, or 2 after an error, which is one line on standard error.
    """
    return answer(argv, _help, lambda: describe(*_parse(argv)))


def describe(folder: Path, flags: Mapping[str, str]) -> None:
    """Print the figures of a data set.

    Args:
        folder: with `NAME.inter`, NAME being its last part.
        flags: how its files are written, before what `NAME.yaml` beside them says, and `memory`.

    Raises:
        DataError: a file is missing or malformed.
        SettingsError: the settings are.
    """
    # Imported only now: a mistyped argument is told at once.
    from rich.console import Console

    from recbole_opal.console.reading_progress import ReadingProgress
    from recbole_opal.data.folder_check import check_data_folder
    from recbole_opal.description.describe_tables import describe_tables
    from recbole_opal.description.figures import measure_log
    from recbole_opal.description.read_items import FieldCover, read_items
    from recbole_opal.description.read_log import read_log

    form = _form(folder, flags)
    check_data_folder(folder, folder.name, form.fields, form.separator, form.encoding)
    inter, item = folder / f"{folder.name}.inter", folder / f"{folder.name}.item"
    covers: list[FieldCover] = []
    notes: list[str] = []
    with opened_engine(memory=flags.get("memory", _MEMORY)) as engine:
        with ReadingProgress("reading") as progress:
            size = inter.stat().st_size

            def advance(share: float) -> None:
                progress.advance(int(share * size), size, 0)

            log = read_log(engine, inter, form, advance)
        if item.is_file():
            covers, notes = read_items(engine, item, form)
        figures = measure_log(engine)
    screen = Console()
    for table in describe_tables(folder.name, figures, log.dropped, covers, dated=log.dated):
        screen.print(table)
    for note in (log.note, *notes):
        print(note)
    if log.dropped:
        print(
            f"training refuses {inter} for the rows that were left out: take them out of it, or "
            "convert the log again."
        )


def _form(folder: Path, flags: Mapping[str, str]) -> AtomicForm:
    """Return how the files are written: the flags, else the settings beside the data."""
    from recbole_opal.data.atomic_files.time_units import TIME_UNITS
    from recbole_opal.description.atomic_sql import AtomicForm

    path = folder / f"{folder.name}.yaml"
    beside = load_settings_file(path) if path.is_file() else {}
    for name in _FORM:
        if not isinstance(beside.get(name, ""), str):
            raise SettingsError(f"{path}: {name} is no text; put it between quotes.")
    user, item, time, encoding, separator = ({**_FORM, **beside, **flags}[name] for name in _FORM)
    fields = user, item, time
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"{twice} is named as two of users, items and times; correct --USER_ID_FIELD, "
            "--ITEM_ID_FIELD or --TIME_FIELD."
        )
    unit = {**beside, **flags}.get("time_unit")
    if unit is not None and unit not in TIME_UNITS:
        raise SettingsError(
            f"--time_unit={unit} is not known; choose from {', '.join(TIME_UNITS)}."
        )
    return AtomicForm(fields, encoding, "\t" if separator == r"\t" else separator, unit)


def _parse(argv: Sequence[str]) -> tuple[Path, dict[str, str]]:
    names, flags = read_arguments(argv)
    refuse_unknown(flags, _FLAGS, "describe")
    names += [flags["dataset"]] if "dataset" in flags else []
    if len(names) != 1 or not names[0]:
        given = f"{len(names)} data sets are named" if names else "no data set is named"
        example = command(BUNDLED_DATASET, name="describe")
        raise SettingsError(f"{given}; write for example {example}.")
    form = {name: text for name, text in flags.items() if name in {*_FORM, "time_unit", "memory"}}
    return _folder(names[0], flags.get("data_path")), form


def _folder(name: str, data_path: str | None) -> Path:
    # A path is what the shell completes; `dataset/NAME` is as clear as NAME.
    given = home_path(name)
    if data_path is None and given.parent != Path():
        return given
    folder = home_path(data_path or "dataset") / name
    if data_path is None and not folder.is_dir():
        return bundled_folder(name) or folder
    return folder


def _help() -> str:
    lines = [f"usage: {command(name='describe')} NAME [--data_path=FOLDER]", ""]
    return "\n".join([*lines, *(f"  --{name}: {meaning}" for name, meaning in _FLAGS.items())])
