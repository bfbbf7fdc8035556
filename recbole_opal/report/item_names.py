"""What people call an item: its title where the data set has one, its tags, else its token."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.data.bundled import bundled_folder
from recbole_opal.runs import RunReader

__all__ = ["ItemNames", "read_names"]

_LONGEST = 40
_NO_PAIRS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class ItemNames:
    """Titles by internal item id, 0 is padding; and the (item, tag) pairs as two arrays of ids."""

    titles: Sequence[str]
    tags: Sequence[str] = ()
    tag_items: npt.NDArray[np.integer[Any]] = field(default_factory=lambda: _NO_PAIRS)
    tag_ids: npt.NDArray[np.integer[Any]] = field(default_factory=lambda: _NO_PAIRS)

    def __len__(self) -> int:
        """Return N, with padding."""
        return len(self.titles)

    def title(self, item: int) -> str:
        """Return an item's name, cut where it is long."""
        name = self.titles[item]
        return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"

    def tags_of(self, item: int) -> list[str]:
        """Return the tags of an item."""
        return [self.tags[tag] for tag in self.tag_ids[self.tag_items == item].tolist()]


def read_names(folder: RunReader, settings: Mapping[str, Any]) -> ItemNames:
    """Read the names of a run's items from its data set's `.item` file, where there is one.

    The run's own item_categories.npz and ids.json give the tags.
    """
    separator, encoding = str(settings["field_separator"]), str(settings["encoding"])
    known = _titles(_item_file(settings), separator, encoding)
    ids = folder.load_json("ids.json")
    tokens = map(str, ids[settings["ITEM_ID_FIELD"]])
    titles = [known.get(token) or token for token in tokens]
    if "item_categories.npz" not in folder.names:
        return ItemNames(titles)
    pairs = load_arrays(folder, "item_categories.npz")
    tags = [str(token) for token in ids.get(str(settings["category_field"]), [])]
    kept = (pairs["category"] < len(tags)) & (pairs["item"] < len(titles))
    return ItemNames(titles, tags, pairs["item"][kept], pairs["category"][kept])


def _item_file(settings: Mapping[str, Any]) -> Path:
    """Return where the item file of a data set lies; without a `data_path` it is RecBole's own."""
    name = str(settings["dataset"])
    root = settings.get("data_path")
    folder = bundled_folder(name) if root is None else Path(str(root)) / name
    return (folder or Path(name)) / f"{name}.item"


def _titles(path: Path, separator: str, encoding: str) -> dict[str, str]:
    """Return token to title from the first column of an item file whose name says `title`."""
    if not path.is_file():
        return {}
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        reader = csv.reader(file, delimiter=separator, quoting=csv.QUOTE_NONE)
        names = [column.split(":")[0].lower() for column in next(reader, [])]
        place = next((i for i, name in enumerate(names) if "title" in name), None)
        if place is None:
            return {}
        return {row[0]: row[place].strip() for row in reader if len(row) > place}
