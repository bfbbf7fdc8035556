"""Raw item ids, as a caller writes them, to a model's internal ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError, quoted
from recbole_opal.serving.sources.raw_ids import as_texts

__all__ = ["ItemIds", "named"]

IntArray = npt.NDArray[np.int64]

_NAMED = 5


class ItemIds:
    """The internal id of each raw one; it never changes.

    A raw id is a text or a whole number; a number counts as its decimal text, so 242 is "242".

    Args:
        tokens: the raw id of each of the N internal ids; 0 is the padding and has none.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self._numbers = {token: number for number, token in enumerate(tokens) if number}

    def numbers(
        self, items: Iterable[Any], what: str = "the items"
    ) -> tuple[IntArray, Counter[str]]:
        """Return the internal ids of (T,) raw ones, 0 = unknown, and the counts of unknown ones.

        Args:
            items: raw ids.
            what: whose they are, for messages.

        Raises:
            DataError: an id is neither a text nor a whole number.
        """
        texts = as_texts(items, what)
        found = map(self._numbers.get, texts, repeat(0))
        numbers = np.fromiter(found, dtype=np.int64, count=len(texts))  # (T,)
        return numbers, Counter(compress(texts, (numbers == 0).tolist()))

    def known(self, items: Iterable[Any], what: str) -> IntArray:
        """Return the internal ids of (T,) raw ones that must be known; arguments as of `numbers`.

        Raises:
            DataError: an id is unknown, or neither a text nor a whole number.
        """
        numbers, unknown = self.numbers(items, what)
        if unknown:
            raise DataError(
                f"{what} hold {named(unknown)}, which the model was not trained on; leave unknown "
                "items out."
            )
        return numbers


def named(unknown: Mapping[str, int], one: str = "item", several: str = "items") -> str:
    """Return the most frequent of unknown items as text: `2 unknown items, 'a' (3 times), 'b'`."""
    most = [
        f"'{quoted(item)}'" + (f" ({count} times)" if count > 1 else "")
        for item, count in Counter(unknown).most_common(_NAMED)
    ]
    more = [f"{len(unknown) - _NAMED} more"] if len(unknown) > _NAMED else []
    noun = one if len(unknown) == 1 else several
    return f"{len(unknown)} unknown {noun}, {', '.join(most + more)}"
