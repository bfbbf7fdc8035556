"""Tensors of a state that lie in files beside it: a base, and the rows that changed since.

A file of tensors, `part-<n>.safetensors`, is written once and never changed. A state names what it
takes from which: so a table of which few rows moved costs its moved rows, one that is held twice is
written once, and all appears or vanishes in one update of the folder, like everything else in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recbole_opal.runs.file_names import PART_NAME

__all__ = ["Assembled", "Parts", "Place", "Rows", "parts_in"]

_LARGEST = 16
"""Times the bytes of its parts that a state may unfold to; one of a run takes some three."""


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: the name of a part, and its own in there."""

    part: str
    key: str


@dataclass(frozen=True)
class Rows:
    """Rows that replace those of a tensor: their ids, (R,) int64, and what they become, (R, *)."""

    ids: Place
    values: Place


@dataclass(frozen=True)
class Assembled:
    """What stands for a tensor in a state: a base, and changes of its rows in their order.

    With `zero` the base gives shape and type alone, and all of its values are 0.
    """

    base: Place
    changes: tuple[Rows, ...] = ()
    zero: bool = False

    def as_plain(self) -> list[Any]:
        """Return what JSON can hold; see `of`."""
        base = [self.base.part, self.base.key, self.zero]
        return [
            base,
            *([c.ids.part, c.ids.key, c.values.part, c.values.key] for c in self.changes),
        ]

    @classmethod
    def of(cls, plain: Any) -> Assembled:
        """Undo `as_plain`; what it did not make raises ValueError."""
        (part, key, zero), *changes = plain
        rows = tuple(Rows(Place(a, b), Place(c, d)) for a, b, c, d in changes)
        found = cls(Place(part, key), rows, zero)
        names = [found.base, *(place for each in rows for place in (each.ids, each.values))]
        for place in names:
            if not (isinstance(place.key, str) and PART_NAME.fullmatch(place.part)):
                raise ValueError("no name of a part")
        return found

    @property
    def parts(self) -> set[str]:
        """The files it is made of."""
        return {self.base.part, *(each.ids.part for each in self.changes)} | {
            each.values.part for each in self.changes
        }


class Parts:
    """The parts of one state, each read once, when it is first asked for."""

    def __init__(self, read: Callable[[str], Mapping[str, Tensor]]) -> None:
        self._read = read
        self._held: dict[str, Mapping[str, Tensor]] = {}
        self._bytes = self._made = 0

    def tensor(self, made_of: Assembled) -> Tensor:
        """Return a tensor of its own memory; parts that do not fit are a ValueError."""
        base = self._at(made_of.base)
        self._made += base.nbytes
        if self._made > _LARGEST * self._bytes:
            raise ValueError("it unfolds to more than a run writes")
        found = torch.zeros_like(base) if made_of.zero else base.clone()
        for change in made_of.changes:
            ids, values = self._at(change.ids), self._at(change.values)
            if ids.dtype != torch.int64 or values.dtype != found.dtype or ids.ndim != 1:
                raise ValueError("rows of another type")
            found.index_copy_(0, ids, values)
        return found

    def _at(self, place: Place) -> Tensor:
        if place.part not in self._held:
            self._held[place.part] = self._read(place.part)
            self._bytes += sum(tensor.nbytes for tensor in self._held[place.part].values())
        return self._held[place.part][place.key]


def parts_in(state: Any) -> Iterator[str]:
    """Yield the names of the parts that a nested state is made of, some of them repeatedly."""
    if isinstance(state, Assembled):
        yield from state.parts
    elif isinstance(state, Mapping):
        for value in state.values():
            yield from parts_in(value)
    elif isinstance(state, Sequence) and not isinstance(state, str | bytes):
        for value in state:
            yield from parts_in(value)
