"""Items that training did not know, from what is known of them: columns of features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.errors import DataError, SettingsError, quoted
from recbole_opal.evaluation.category_table import category_table
from recbole_opal.interests.feature_table import FeatureTable, TokenColumn
from recbole_opal.interests.item_features import ItemFeatures
from recbole_opal.interests.item_table import ItemTable
from recbole_opal.retrieval import ApproximateIndex, Retriever, make_retriever
from recbole_opal.serving.feature_cells import cell_numbers, cell_tokens
from recbole_opal.serving.item_ids import ItemIds, named
from recbole_opal.serving.sources.raw_ids import as_texts
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.suggest import did_you_mean

__all__ = ["NewItems", "read_new_items", "with_new_items"]

IntArray = npt.NDArray[np.int64]

_NAMED = 5


@dataclass(frozen=True)
class NewItems:
    """n items and their features, by the numbers of the model.

    Attributes:
        ids: raw, all different, none that the model knew.
        table: what it composes their vectors of.
        categories: (n, T) category ids, 0 = none; None: the model or the items have none.
        unknown: tokens that training has not met, as `column=token`, and their numbers.
    """

    ids: list[str]
    table: FeatureTable
    categories: IntArray | None
    unknown: Mapping[str, int]

    def warnings(self) -> Iterator[str]:
        """Yield what a caller must be told, one line each."""
        if self.unknown:
            told = named(self.unknown, "token", "tokens")
            yield f"the features of the new items hold {told}, which say nothing."
        nothing = (np.diff(self.table.offsets) == 0) & np.isnan(self.table.numbers).all(axis=1)
        if nothing.any():
            told = named(dict.fromkeys(np.array(self.ids)[nothing].tolist(), 1))
            yield f"nothing is known of the features of {told}: no list can hold them in earnest."


def with_new_items(
    trained: TrainedModel, retriever: Retriever, new: NewItems
) -> tuple[TrainedModel, Retriever]:
    """Return a model, and the search over its items, that know the new ones behind the others."""
    with torch.no_grad():
        vectors = _composer(trained)[0].of_new(new.table)  # (n, D)
        boost = float(trained.settings.get("new_item_boost", 1.0))
        network = trained.network.with_items(trained.network.items.composed(vectors, boost))
        places = torch.arange(len(trained.items), len(trained.items) + len(new.ids))
        searched = network.candidates(network.items.searched(places.to(vectors.device)))
    known = retriever.items.table  # of a bundle it is its own file's
    settings = retriever.settings.model_dump() if isinstance(retriever, ApproximateIndex) else None
    search = make_retriever(
        retriever.kind,
        torch.cat([known, searched.to(known)]),
        settings=settings,
        scoring=retriever.scoring,
    )
    extended = replace(
        trained,
        network=network.eval(),
        items=[*trained.items, *new.ids],
        counts=np.concatenate([trained.counts, np.zeros(len(new.ids), dtype=np.int64)]),
        categories=_joined(trained.categories, new.categories),
    )
    return extended, search


def read_new_items(trained: TrainedModel, frame: Any, ids: ItemIds) -> NewItems:
    """Read a frame of pandas or polars, or a mapping of columns to lists.

    It has the items' ids under the name of the data set, and some of the columns that the model
    composes its items of; other columns are left alone. A missing cell says nothing. A cell of a
    `token_seq` column is a list, or a text with the separator of the data set in it.

    Raises:
        SettingsError: the model was trained without features.
        DataError: columns are missing, an id is known, there twice, or no id; a number is none.
    """
    _, composer = _composer(trained)
    columns, names = _columns(frame), (*composer.columns, *composer.number_columns)
    key = str(trained.settings["ITEM_ID_FIELD"])
    if key not in columns:
        hint = did_you_mean(key, columns) or f"; name the column of their ids {key}."
        raise DataError(f"the new items have the columns {', '.join(columns)}, not {key}{hint}")
    if not columns.keys() & set(names):
        raise DataError(
            f"the new items have the columns {', '.join(columns)}, none of the features that the "
            f"model was trained with; give at least one of {', '.join(names)}."
        )
    texts = as_texts(columns[key], "the new items")
    _check_ids(texts, ids)
    for name in names:
        if name in columns and len(columns[name]) != len(texts):
            raise DataError(
                f"the column {name} has {len(columns[name])} cells for {len(texts)} new items; "
                "give one an item."
            )
    separator = str(trained.settings.get("seq_separator") or " ")
    unknown: Counter[str] = Counter()
    tokens = []
    for name, several in zip(composer.columns, composer.several, strict=True):
        cells = cell_tokens(columns.get(name, ()), name, separator if several else None)
        met = composer.met_tokens(name)
        known = [token if met[n] else None for n, token in enumerate(trained.feature_tokens[name])]
        tokens.append(_numbered(name, several, known, cells, unknown))
    missing = [None] * len(texts)
    numbers = {
        name: cell_numbers(columns.get(name, missing), name) for name in composer.number_columns
    }
    table = FeatureTable.of_columns(len(texts), tokens, numbers)
    return NewItems(texts, table, _categories(trained, columns, separator, len(texts)), unknown)


def _composer(trained: TrainedModel) -> tuple[ItemTable, ItemFeatures]:
    table = trained.composer
    if table is None or table.features is None:
        raise SettingsError(
            f"{trained.folder} was trained without features of items, so that it can say nothing "
            "of new ones; train with --item_features=[...], columns of the .item file."
        )
    return table, table.features


def _columns(frame: Any) -> dict[str, list[Any]]:
    """Return the cells of each column of a frame, or of a mapping of columns."""
    names: Any = frame if isinstance(frame, Mapping) else getattr(frame, "columns", None)
    if names is None:
        raise DataError(
            f"the new items are a {type(frame).__name__}; give a frame of pandas or polars, or a "
            "mapping of columns to lists."
        )
    found: dict[str, list[Any]] = {}
    for name in names:
        column: Any = frame[name]
        if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
            raise DataError(f"the column {name} of the new items is {column!r}; write a list.")
        found[str(name)] = column.tolist() if hasattr(column, "tolist") else list(column)
    return found


def _check_ids(texts: Sequence[str], ids: ItemIds) -> None:
    """Refuse ids that the model knows, that stand there twice, or that are empty."""
    numbers, _ = ids.numbers(texts)
    known = [text for text, number in zip(texts, numbers.tolist(), strict=True) if number]
    twice = [text for text, count in Counter(texts).items() if count > 1]
    faults: dict[str, list[str]] = {
        "which the model knows already": known,
        "more than once": twice,
        "which is no id": [text for text in texts if not text],
    }
    for why, wrong in faults.items():
        if wrong:
            shown = ", ".join(f"'{quoted(text)}'" for text in wrong[:_NAMED])
            more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
            raise DataError(f"the new items hold {shown}{more}, {why}; leave those rows out.")


def _numbered(
    name: str,
    several: bool,
    known: Sequence[str | None],
    cells: tuple[IntArray, Sequence[str]],
    unknown: Counter[str],
) -> TokenColumn:
    """Return the (rows, tokens) of a column by the model's numbers; unknown ones are counted."""
    rows, tokens = cells
    number_of = {token: number for number, token in enumerate(known) if number}
    numbers = np.array([number_of.get(token, 0) for token in tokens], dtype=np.int64)
    met = numbers > 0
    unknown.update(f"{name}={token}" for token, here in zip(tokens, met, strict=True) if not here)
    return TokenColumn(name, several, len(known), rows[met], numbers[met])


def _categories(
    trained: TrainedModel, columns: Mapping[str, Sequence[Any]], separator: str, count: int
) -> IntArray | None:
    """Return (n, T) the categories of new items, 0 = none; None: the model knows of none."""
    if trained.categories is None:
        return None
    field = str(trained.settings.get("category_field"))
    cells = cell_tokens(columns.get(field, ()), field, separator)
    found = _numbered(field, True, trained.category_names, cells, Counter())
    pairs = np.unique(np.stack([found.items, found.tokens]), axis=1)
    return category_table(pairs[0], pairs[1], count)


def _joined(known: IntArray | None, new: IntArray | None) -> IntArray | None:
    """Return both tables one below the other, each as wide as the wider one."""
    if known is None or new is None:
        return known
    width = max(known.shape[1], new.shape[1])
    wide = [np.pad(table, ((0, 0), (0, width - table.shape[1]))) for table in (known, new)]
    return np.concatenate(wide)
