"""Is the data there? Asked before anything is loaded."""

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["BUNDLED_DATASET", "check_data_folder"]

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
        DataError: the folder, the file, its header or a column is missing.
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
    path = folder / f"{dataset}.inter"
    if not path.is_file():
        raise DataError(
            f"--dataset={dataset}: the file {path} is missing; put the interactions there."
        )
    _check_header(path, columns, separator, encoding)


def _neighbours(parent: Path) -> list[str]:
    if not parent.is_dir():
        return [BUNDLED_DATASET]
    return [BUNDLED_DATASET, *(path.name for path in parent.iterdir() if path.is_dir())]


def _check_header(path: Path, columns: Sequence[str], separator: str, encoding: str) -> None:
    try:
        with path.open(encoding=encoding) as lines:
            header = lines.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError, LookupError) as error:
        raise DataError(
            f"{path} cannot be read as {encoding} ({error}); check the file and --encoding."
        ) from error
    fields = header.split(separator)
    if not all(field.count(":") == 1 for field in fields):
        raise DataError(
            f"{path}, line 1: the header must name columns as name:type, "
            f"for example {separator.join(f'{name}:token' for name in columns[:2])}."
        )
    names = [field.partition(":")[0] for field in fields]
    for name in columns:
        if name not in names:
            hint = (
                did_you_mean(name, names)
                or "; add it, or name another with --TIME_FIELD and its like."
            )
            raise DataError(
                f"{path}, line 1: the column {name} is missing among {', '.join(names)}{hint}"
            )
