"""`convert` from Python: of files, or of data frames of pandas, polars or Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from recbole_opal.conversion.arguments import FLAGS, parse_convert, request_of
from recbole_opal.conversion.convert_command import convert as convert_request
from recbole_opal.conversion.write import Written
from recbole_opal.errors import SettingsError
from recbole_opal.settings.flags import refuse_unknown

__all__ = ["convert"]


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


def _texts(flags: Mapping[str, Any]) -> dict[str, str]:
    """Return the flags as they would be typed."""
    if "user" in flags:
        refuse_unknown(flags, FLAGS, "convert")
    return {
        name: ",".join(value) if isinstance(value, (list, tuple)) else str(value)
        for name, value in flags.items()
        if value is not None
    }
