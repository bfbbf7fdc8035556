"""What people call an item: its title where the data set has one, its tags, else its token."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recbole_opal.data.user_sequences import IntArray
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunReader
from recbole_opal.runs.shapes import misfit

__all__ = ["ItemNames", "read_names"]

_LONGEST = 40


@dataclass(frozen=True)
class ItemNames:
    """Names by internal item id; index 0 is padding.

    Attributes:
        titles: one an item.
        tags: names of the tags; empty if the data set has none.
        tag_items: (P,) int64, item of each (item, tag) pair.
        tag_ids: (P,) int64, index into `tags` of each pair.
    """

    titles: Sequence[str]
    tags: Sequence[str] = ()
    tag_items: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    tag_ids: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

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


def read_names(folder: RunReader, config: Any, tokens: Sequence[str]) -> ItemNames:
    """Read the names of a run's items.

    Args:
        folder: the run; `item_categories.npz` and ids.json give the tags.
        config: its settings; the data set's `.item` file may have a title.
        tokens: one an item, index 0 is padding.
    """
    path = Path(str(config["data_path"])) / f"{config['dataset']}.item"
    known = _titles(path, str(config["field_separator"]), str(config["encoding"]))
    titles = [known.get(token) or token for token in tokens]
    if "item_categories.npz" not in folder.names:
        return ItemNames(titles)
    pairs = folder.load_arrays("item_categories.npz")
    ids = folder.load_json("ids.json")
    tags = [str(token) for token in ids.get(str(config["category_field"]), [])]
    wrong = misfit("item_categories.npz", pairs)
    if wrong is not None:
        raise CheckpointError(f"{folder.path / 'item_categories.npz'} {wrong}; train it again.")
    kept = (pairs["category"] < len(tags)) & (pairs["item"] < len(tokens))
    return ItemNames(titles, tags, pairs["item"][kept].astype(np.int64),
                     pairs["category"][kept].astype(np.int64))  # fmt: skip


def _titles(path: Path, separator: str, encoding: str) -> dict[str, str]:
    """Return token to title from the first column of an item file whose name says `title`."""
    if not path.is_file():
        return {}
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        reader = csv.reader(file, delimiter=separator, quoting=csv.QUOTE_NONE)
        names = [column.split(":")[0] for column in next(reader, [])]
        place = next((i for i, name in enumerate(names) if "title" in name.lower()), None)
        if place is None:
            return {}
        return {row[0]: row[place].strip() for row in reader if len(row) > place}
