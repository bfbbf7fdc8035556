"""Is the data there? Asked before anything is loaded."""

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.data.reading import Column, read_header, require_columns
from recbole_opal.data.reading.advice import convert_command, is_number, unpack_command
from recbole_opal.data.reading.lines import line_blocks, unpacking_command
from recbole_opal.errors import DataError
from recbole_opal.process.program import command
from recbole_opal.settings.paths import path_problem
from recbole_opal.suggest import did_you_mean

__all__ = ["BUNDLED_DATASET", "check_data_folder", "check_separator"]

# RecBole's wheel carries this one.
BUNDLED_DATASET = "ml-100k"
_LONGEST_NAME = 200  # bytes; 255 is what file systems take, and the files' names add to it


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

    Raises:
        DataError: the folder, the file, its header or a column is missing, or a column has a type
            that does not fit.
    """
    if Path(dataset).name != dataset or dataset == "..":
        raise DataError(
            f"--dataset={dataset} is a path; write --data_path for the folder and --dataset for "
            "its name."
        )
    if path_problem(str(folder / f"{dataset}.inter")) or len(dataset.encode()) > _LONGEST_NAME:
        why = path_problem(str(folder)) or f"shorten it to {_LONGEST_NAME} bytes"
        raise DataError(f"--dataset={dataset} cannot be a folder's name; {why}.")
    try:
        _check_files(folder, dataset, columns, separator, encoding, named)
    except OSError as error:
        raise DataError(
            f"--dataset={dataset}: {error.filename} cannot be read ({error.strerror}); check it, "
            "or name another folder with --data_path."
        ) from error


def _check_files(
    folder: Path, dataset: str, columns: Sequence[str], separator: str, encoding: str, named: bool
) -> None:
    if not folder.is_dir():
        own = folder.parent  # of the data set itself, where --data_path should name the one above
        if own.resolve().name == dataset and (own / f"{dataset}.inter").is_file():
            raise DataError(
                f"--data_path={own} is the folder of the data set itself; write "
                f"--data_path={own.resolve().parent}, the folder above."
            )
        similar = _neighbours(folder.parent) if named else []
        hint = did_you_mean(dataset, similar, "--dataset=")
        otherwise = f"{hint} Otherwise" if hint else ";"
        raise DataError(
            f"--dataset={dataset}: there is no folder {folder}{otherwise} put {dataset}.inter "
            "there, "
            "or name the folder above it with --data_path."
        )
    check_separator(separator)
    path = folder / f"{dataset}.inter"
    if not path.exists():
        raise DataError(
            f"--dataset={dataset}: the file {path} is missing; {_how_to_get(path, folder)}."
        )
    header = read_header(path, separator, encoding)
    _refuse_times_in_words(header, columns, path, separator, encoding)
    _refuse_no_times(header, columns, path, encoding)
    kinds = ["token", "token", "float"]
    flags = dict(zip(columns, ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD"), strict=True))
    require_columns(header, dict(zip(columns, kinds, strict=True)), path, "add it.", flags)


def check_separator(separator: str) -> None:
    """Refuse what cannot stand between columns.

    Args:
        separator: the setting `field_separator`.

    Raises:
        DataError: it is not one character, or one that headers or lines need themselves.
    """
    if len(separator) != 1 or not separator.isascii() or separator in "\n\r\0:":
        raise DataError(
            f"--field_separator={separator!r} is not one ASCII character that may stand between "
            "columns; write the files with tabs and leave it away."
        )


def _refuse_times_in_words(
    header: Sequence[Column], columns: Sequence[str], path: Path, separator: str, encoding: str
) -> None:
    """Refuse a column of times that is no `float` and holds no numbers: another type is no help."""
    written = {column.name: f"{column.name}:{column.kind}" for column in header}
    time = next((column for column in header if column.name == columns[2]), None)
    if time is None or time.kind == "float" or not set(columns) <= set(written):
        return
    block, _ = next(line_blocks(path, encoding))
    rows = (line.split(separator) for line in block.decode().split("\n")[1:] if line)
    place = header.index(time)
    first = next((row[place] for row in rows if len(row) > place and row[place]), "0")
    if not is_number(first):
        convert = convert_command(path, [written[name] for name in columns], encoding)
        raise DataError(
            f"{path}, line 1: {written[time.name]} holds {first[:40]!r}, which is no number; "
            f"convert the file with `{convert}`."
        )


def _refuse_no_times(
    header: Sequence[Column], columns: Sequence[str], path: Path, encoding: str
) -> None:
    """Refuse a log of users and items alone, whose order may be its only time."""
    written = {column.name: f"{column.name}:{column.kind}" for column in header}
    if written.keys() == set(columns[:2]):
        convert = convert_command(path, [written[name] for name in columns[:2]], encoding)
        raise DataError(
            f"{path}, line 1: the column {columns[2]} is missing; add it, or, if the rows stand in "
            f"the order of their times, convert the file with `{convert}`."
        )


def _how_to_get(path: Path, folder: Path) -> str:
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


def _neighbours(parent: Path) -> list[str]:
    if not parent.is_dir():
        return [BUNDLED_DATASET]
    return [BUNDLED_DATASET, *(path.name for path in parent.iterdir() if path.is_dir())]
