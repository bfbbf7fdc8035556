"""Is the data there? Asked before anything is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.data.atomic_files import Column, read_header, require_columns
from recbole_opal.data.atomic_files.header import is_number
from recbole_opal.data.atomic_files.suggested_commands import (
    convert_command,
    unpack_command,
)
from recbole_opal.data.atomic_files.text_lines import line_blocks, unpacking_command
from recbole_opal.errors import DataError
from recbole_opal.process.program import command
from recbole_opal.settings.paths import path_problem
from recbole_opal.suggest import did_you_mean

__all__ = ["BUNDLED_DATASET", "check_data_folder", "check_separator"]

BUNDLED_DATASET = "ml-100k"
"""The data set that RecBole's wheel carries."""
_LONGEST_NAME = 200  # bytes; 255 is what file systems take, and the files' names add to it
_FIELDS = ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD")


def check_data_folder(
    folder: Path,
    dataset: str,
    columns: Sequence[str],
    separator: str = "\t",
    encoding: str = "utf-8",
    *,
    named: bool = True,
) -> None:
    """Check that a data set's folder holds its `.inter` file with the columns that every run needs.

    Args:
        folder: the folder of the data set.
        dataset: its name.
        columns: the columns of users, items and times.
        separator: between two columns.
        encoding: of the file.
        named: whether the user named the data set and could name another.
    """
    if Path(dataset).name != dataset or dataset == "..":
        raise DataError(
            f"--dataset={dataset} is a path; write --data_path for the folder and --dataset for "
            "its name."
        )
    path = folder / f"{dataset}.inter"
    if path_problem(str(path)) or len(dataset.encode()) > _LONGEST_NAME:
        why = path_problem(str(folder)) or f"shorten it to {_LONGEST_NAME} bytes"
        raise DataError(f"--dataset={dataset} cannot be a folder's name; {why}.")
    try:
        if not folder.is_dir():
            raise DataError(_how_to_find(folder, dataset, named))
        check_separator(separator)
        if not path.exists():
            how = _how_to_get(path, folder)
            raise DataError(f"--dataset={dataset}: the file {path} is missing; {how}.")
        header = read_header(path, separator, encoding)
        _refuse_times(_Table(path, header, separator, encoding), columns)
    except OSError as error:
        raise DataError(
            f"--dataset={dataset}: {error.filename} cannot be read ({error.strerror}); check it, "
            "or name another folder with --data_path."
        ) from error
    kinds = dict(zip(columns, ("token", "token", "float"), strict=True))
    flags = dict(zip(columns, _FIELDS, strict=True))
    require_columns(header, kinds, path, "add it.", flags)


def check_separator(separator: str) -> None:
    """Refuse what cannot stand between columns, or what headers or lines need themselves."""
    if len(separator) != 1 or not separator.isascii() or separator in "\n\r\0:":
        raise DataError(
            f"--field_separator={separator!r} is not one ASCII character that may stand between "
            "columns; write the files with tabs and leave it away."
        )


@dataclass(frozen=True)
class _Table:
    path: Path
    header: Sequence[Column]
    separator: str
    encoding: str


def _refuse_times(table: _Table, columns: Sequence[str]) -> None:
    """Refuse times in words, which no other type of the column mends, and a log without times."""
    written = {column.name: f"{column.name}:{column.kind}" for column in table.header}
    missing = set(columns) - set(written)
    if missing == {columns[2]} and len(written) == 2:  # whose order may be its only time
        convert = convert_command(
            table.path, [written[name] for name in columns[:2]], table.encoding
        )
        raise DataError(
            f"{table.path}, line 1: the column {columns[2]} is missing; add it, or, if the rows "
            f"stand in the order of their times, convert the file with `{convert}`."
        )
    place = next((i for i, column in enumerate(table.header) if column.name == columns[2]), 0)
    if missing or table.header[place].kind == "float":
        return
    block, _ = next(line_blocks(table.path, table.encoding))
    rows = (line.split(table.separator) for line in block.decode().split("\n")[1:] if line)
    first = next((row[place] for row in rows if len(row) > place and row[place]), "0")
    if not is_number(first):
        convert = convert_command(table.path, [written[name] for name in columns], table.encoding)
        raise DataError(
            f"{table.path}, line 1: {written[columns[2]]} holds {first[:40]!r}, which is no "
            f"number; convert the file with `{convert}`."
        )


def _how_to_find(folder: Path, dataset: str, named: bool) -> str:
    """Say what to do about a folder that is not there."""
    own = folder.parent  # of the data set itself, where --data_path should name the one above
    if own.resolve().name == dataset and (own / f"{dataset}.inter").is_file():
        return (
            f"--data_path={own} is the folder of the data set itself; write "
            f"--data_path={own.resolve().parent}, the folder above."
        )
    others = [path.name for path in own.iterdir() if path.is_dir()] if own.is_dir() else []
    hint = did_you_mean(dataset, [BUNDLED_DATASET, *others] if named else [], "--dataset=")
    return (
        f"--dataset={dataset}: there is no folder {folder}{f'{hint} Otherwise' if hint else ';'} "
        f"put {dataset}.inter there, or name the folder above it with --data_path."
    )


def _how_to_get(path: Path, folder: Path) -> str:
    """Say how the file of interactions is made of what else the folder holds."""
    for packed in folder.iterdir():
        if not packed.name.startswith(path.name + ".") or not packed.is_file():
            continue
        with packed.open("rb") as file:
            tool = unpacking_command(file.read(8))
        if tool:
            return f"unpack it with `{unpack_command(tool, packed, path)}`"
    others = sorted(folder.glob("*.inter"))
    if others:
        return f"rename {others[0].name} to {path.name}"
    tables = sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")])
    if tables:
        out = folder.parent / f"{folder.name}-converted"
        convert = command(str(tables[0]), f"--out={out}", name="convert")
        return f"convert your table with `{convert}`, which tells what to add"
    return "put the interactions there"
