"""`convert` from Python: of files, or of data frames of pandas, polars or Arrow."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any

from recbole_opal.conversion.arguments import FLAGS, parse_convert, request_of
from recbole_opal.conversion.convert_command import convert as convert_request
from recbole_opal.conversion.write import Written
from recbole_opal.data.data_folder import data_root
from recbole_opal.errors import SettingsError
from recbole_opal.runs.origin import data_digests, settings_digest
from recbole_opal.settings.flags import refuse_unknown
from recbole_opal.tables import open_table

__all__ = ["convert", "named_dataset"]

_NAMED = {"user": "user_id", "item": "item_id", "time": "timestamp"}  # unless it is said otherwise
_OF_A_FRAME = (
    *("user", "item", "time", "order", "label", "where", "time_unit", "time_format", "keep"),
    *("drop_duplicates", "items", "item_file", "item_key", "fields", "list_separator", "memory"),
)


def convert(source: Any, out: str | PathLike[str], *, items: Any = None, **flags: Any) -> Written:
    """Write a raw log as the atomic files of RecBole; the same as the command `convert`.

    Args:
        source: a path or a data frame, or a list of either, read one behind the other.
        out: `dataset/NAME`, the folder of the data set.
        items: a data frame in the place of `item_file`.
        **flags: those of the command, as `user="user_id", label="rating>=4", overwrite=True`.

    Returns:
        What has been written, left out and noted.

    Raises:
        OpalError: the flags or the data are malformed; nothing has been written.

    Examples:
        >>> import pandas, recbole_opal  # doctest: +SKIP
        >>> log = pandas.DataFrame({"u": ["a"], "v": ["x"], "t": [1_650_000_000]})  # doctest: +SKIP
        >>> recbole_opal.convert(log, "dataset/x", user="u", item="v", time="t")  # doctest: +SKIP
    """
    given = source if isinstance(source, (list, tuple)) else [source]
    if not given:
        raise SettingsError("convert: no source is given; give a path or a data frame.")
    texts = _texts(flags)
    if all(isinstance(one, (str, PathLike)) for one in given):
        argv = [*map(str, given), f"--out={out}"]
        paths = parse_convert(argv).sources
    else:
        paths = tuple(Path(one) if isinstance(one, (str, PathLike)) else one for one in given)
    if items is not None and "item_file" in texts:
        raise SettingsError("convert: items and item_file name the items twice; leave one away.")
    request = request_of(paths, {**texts, "out": str(out)}, items)
    return convert_request(request, quiet=True)


def named_dataset(
    dataset: Any, settings: Mapping[str, Any], config_files: Sequence[Path]
) -> tuple[Any, dict[str, Any]]:
    """Return the name of the data set of a run; a data frame in its place is written as one.

    It lies where `data_path` says, or in `dataset`, and stays there, since a run that goes on or is
    evaluated again reads it: `frame-DIGEST`, so that the same data is the same data set.

    Args:
        dataset: a name, or a data frame of pandas, polars or Arrow.
        settings: of the run; with a frame those of `convert` too, as `user="u"`; the columns are
            `user_id`, `item_id` and `timestamp` where it is not said.
        config_files: of the run.

    Returns:
        The name, and the settings without those of `convert`.

    Raises:
        OpalError: the frame or its columns are malformed.
    """
    if not any(hasattr(dataset, name) for name in ("__dataframe__", "__arrow_c_stream__")):
        return dataset, dict(settings)
    flags = {name: settings[name] for name in _OF_A_FRAME if name in settings}
    left = {"time"} if "order" in flags else set()
    names = open_table(dataset).names
    usual = {role: name for role, name in _NAMED.items() if name in names and role not in left}
    root = data_root("", settings, config_files)
    made = Path(str(root)) / f".frame-{secrets.token_hex(8)}"
    convert(dataset, made, **(usual | flags))
    folder = _by_content(made)
    return folder.name, {name: value for name, value in settings.items() if name not in flags}


def _by_content(made: Path) -> Path:
    """Rename a data set by what its files hold; where it is there already, that one stays."""
    digests = data_digests(made, made.name, None)
    endings = {Path(name).suffix: digest for name, digest in digests.items()}
    name = f"frame-{settings_digest(endings)[:12]}"
    for path in list(made.iterdir()):
        path.rename(made / f"{name}{path.suffix}")
    folder = made.with_name(name)
    with suppress(OSError):  # it is there
        made.rename(folder)
    shutil.rmtree(made, ignore_errors=True)
    return folder


def _texts(flags: Mapping[str, Any]) -> dict[str, str]:
    """Return the flags as they would be typed."""
    if "user" in flags:
        refuse_unknown(flags, FLAGS, "convert")
    return {
        name: ",".join(value) if isinstance(value, (list, tuple)) else str(value)
        for name, value in flags.items()
        if value is not None
    }
