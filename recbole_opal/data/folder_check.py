"""Is the data there? Asked before anything is loaded."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from recbole_opal.data.atomic_files import Column, read_header, require_columns
from recbole_opal.data.atomic_files.header import is_number
from recbole_opal.data.atomic_files.suggested_commands import (
    convert_command,
    unpack_command,
)
from recbole_opal.data.atomic_files.text_lines import line_blocks, unpacking_command
from recbole_opal.data.data_folder import require_data_folder
from recbole_opal.errors import DataError
from recbole_opal.process.program import command

__all__ = ["check_data_folder"]

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

    The columns are those of users, items and times; `named` tells whether the user named the data
    set and could name another.
    """
    path = folder / f"{dataset}.inter"
    try:
        require_data_folder(folder, dataset, named=named)
        # It must be one byte, and none that headers or lines need themselves.
        if len(separator) != 1 or not separator.isascii() or separator in "\n\r\0:":
            raise DataError(
                f"--field_separator={separator!r} is not one ASCII character that may stand "
                "between columns; write the files with tabs and leave it away."
            )
        if not path.exists():
            how = _how_to_get(path, folder)
            raise DataError(f"--dataset={dataset}: the file {path} is missing; {how}.")
        block, _ = next(line_blocks(path, encoding), (b"", 1))
    except OSError as error:
        raise DataError(
            f"--dataset={dataset}: {error.filename} cannot be read ({error.strerror}); check it, "
            "or name another folder with --data_path."
        ) from error
    header = read_header(path, separator, encoding)
    rows = (line.split(separator) for line in block.decode().split("\n")[1:] if line)
    if fault := _fault_of_times(header, rows, columns):
        written = {column.name: str(column) for column in header}
        command = convert_command(
            path, [written[name] for name in columns if name in written], encoding
        )
        raise DataError(f"{path}, line 1: {fault} convert the file with `{command}`.")
    kinds = dict(zip(columns, ("token", "token", "float"), strict=True))
    flags = dict(zip(columns, _FIELDS, strict=True))
    require_columns(header, kinds, path, "add it.", flags)


def _fault_of_times(
    header: Sequence[Column], rows: Iterable[Sequence[str]], columns: Sequence[str]
) -> str | None:
    """Tell of times in words, which no other type of the column mends, and a log without times."""
    names, time = [column.name for column in header], columns[2]
    missing = set(columns) - set(names)
    if missing == {time} and len(names) == 2:  # whose order may be its only time
        return (
            f"the column {time} is missing; add it, or, if the rows stand in the order of their "
            "times,"
        )
    place = names.index(time) if not missing else 0
    if missing or header[place].kind == "float":
        return None
    first = next((row[place] for row in rows if len(row) > place and row[place]), "0")
    if is_number(first):
        return None
    return f"{header[place]} holds {first[:40]!r}, which is no number;"


def _how_to_get(path: Path, folder: Path) -> str:
    """Say how the file of interactions is made of what else the folder holds."""
    for packed in folder.iterdir():
        if not packed.name.startswith(path.name + ".") or not packed.is_file():
            continue
        with packed.open("rb") as file:
            tool = unpacking_command(file.read(8))
        if tool:
            return f"unpack it with `{unpack_command(tool, packed, path)}`"
    if others := sorted(folder.glob("*.inter")):
        return f"rename {others[0].name} to {path.name}"
    if tables := sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")]):
        out = folder.parent / f"{folder.name}-converted"
        convert = command(str(tables[0]), f"--out={out}", name="convert")
        return f"convert your table with `{convert}`, which tells what to add"
    return "put the interactions there"
