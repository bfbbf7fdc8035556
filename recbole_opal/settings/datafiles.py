"""Is the data there? Asked before anything is loaded."""

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.data.reading import read_header, require_columns
from recbole_opal.errors import DataError
from recbole_opal.program import command
from recbole_opal.suggest import did_you_mean

__all__ = ["BUNDLED_DATASET", "check_data_folder", "check_separator"]

# RecBole's wheel carries this one.
BUNDLED_DATASET = "ml-100k"


def check_data_folder(
    folder: Path,
    dataset: str,
    columns: Sequence[str],
    separator: str = "\t",
    encoding: str = "utf-8",
) -> None:
    """Check that a data set's folder holds its `.inter` file with the columns that every run needs.

    Args:
        folder: the folder of the data set.
        dataset: its name.
        columns: the columns of users, items and times.
        separator: between two columns.
        encoding: of the file.

    Raises:
        DataError: the folder, the file, its header or a column is missing, or a column has a type
            that does not fit.
    """
    if Path(dataset).name != dataset or dataset == "..":
        raise DataError(
            f"--dataset={dataset} is a path; write --data_path for the folder and --dataset for "
            "its name."
        )
    if not folder.is_dir():
        hint = did_you_mean(dataset, _neighbours(folder.parent), "--dataset=")
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
    fix = "add it, or name another with --TIME_FIELD and its like."
    kinds = ["token", "token", "float"]
    require_columns(header, dict(zip(columns, kinds, strict=True)), path, fix)


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


def _how_to_get(path: Path, folder: Path) -> str:
    packed = [name for name in folder.iterdir() if name.name.startswith(path.name + ".")]
    if packed:
        return f"unpack {packed[0].name}, for example with gunzip"
    if list(folder.glob("*.csv")) + list(folder.glob("*.parquet")):
        return f"convert your table with `{command(name='convert')}`"
    return "put the interactions there"


def _neighbours(parent: Path) -> list[str]:
    if not parent.is_dir():
        return [BUNDLED_DATASET]
    return [BUNDLED_DATASET, *(path.name for path in parent.iterdir() if path.is_dir())]
