"""A trained model that is asked about items and histories by raw ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from recbole_opal.interests.unit import unit_length
from recbole_opal.retrieval import ExactIndex, Retriever
from recbole_opal.serving.explain import explain
from recbole_opal.serving.explanation import Explanation
from recbole_opal.serving.histories import KnownHistories, RawHistories
from recbole_opal.serving.item_ids import ItemIds
from recbole_opal.serving.known import known_histories
from recbole_opal.serving.request import check_k
from recbole_opal.serving.similar import similar_items
from recbole_opal.serving.sources import BATCH, Columns, read_histories
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.serving.vectors import CatalogueVectors, UserVectors, user_vectors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ModelInUse"]


class ModelInUse:
    """What can be asked beside lists: vectors, similar items, explanations.

    Nothing in it changes once it is made: threads may share it.

    Args:
        trained: the model and its ids.
        retriever: the search over its item vectors; None: the exact one.
    """

    def __init__(self, trained: TrainedModel, retriever: Retriever | None = None) -> None:
        self.trained = trained
        self.network = trained.network
        self.ids = ItemIds(trained.items)
        with torch.no_grad():
            self.retriever = retriever or ExactIndex(
                self.network.item_table(), scoring=self.network.scoring
            )
            # Without what is there beside interests; the table is taken for a user's.
            table = self.retriever.items.table.unsqueeze(0)  # (1, N, D)
            compared = self.network.interest_columns(table)[0]
            # Where new items are boosted in the search, they are longer than their cosines may be.
            boosted = self.network.items.boosts is not None and self.network.unit_vectors
            self._compared = unit_length(compared) if boosted else compared

    def similar_items(self, items: Any, k: int = 10) -> pd.DataFrame:
        """Return the k items most like each of some: item, rank, similar_item, score.

        The score is the cosine where the model compares by cosine, else the inner product;
        `attrs["similarity"]` says which. An item is not its own neighbour.

        Args:
            items: raw ids, or one.
            k: neighbours of each.

        Raises:
            DataError: an item is unknown, or its id is neither text nor a whole number.
            SettingsError: k is no whole number from 1.
        """
        several = [items] if isinstance(items, (str, int, np.integer)) else items
        numbers = self.ids.known(several, "the items")
        frame = similar_items(numbers, check_k(k), self._compared, self.trained.items)
        frame.attrs["similarity"] = "cosine" if self.network.unit_vectors else "inner product"
        return frame

    def user_vectors(self, histories: Any, *, times: Any = None) -> UserVectors:
        """Return the interests of users; arguments and errors as of `recommend`."""
        found = [self._vectors(raw) for raw in self._batches(histories, times, BATCH)]
        return UserVectors.joined(found) if found else self._vectors(RawHistories([], []))

    def item_vectors(self) -> CatalogueVectors:
        """Return the vectors of all items that the model knows."""
        table = self.retriever.items.table[1:]
        return CatalogueVectors(list(self.trained.items[1:]), table.float().cpu().numpy().copy())

    @torch.inference_mode()
    def explain(
        self, history: Sequence[Any], item: Any, *, times: Any = None, nearest: int = 5
    ) -> Explanation:
        """Return why an item stands where it stands in the list of one history.

        Args:
            history: the items of one user, oldest first.
            item: a raw id; it need not be in the list.
            times: seconds of each item of the history; some models need them.
            nearest: items of the history to tell, at most.

        Raises:
            DataError: the item is unknown, or nothing in the history is known.
        """
        raw = RawHistories(["0"], [history], None if times is None else [times])
        (number,) = self.ids.known([item], "the items to explain")
        return explain(
            self.network,
            self.known(raw),
            int(number),
            table=self.retriever.items.table,
            scoring=self.retriever.scoring,
            compared=self._compared,
            ids=self.ids,
            nearest=check_k(nearest),
        )

    def known(self, raw: RawHistories) -> KnownHistories:
        """Return histories by internal ids, as the network reads them."""
        longest = self.trained.settings["MAX_ITEM_LIST_LENGTH"]
        return known_histories(raw, self.ids, longest, with_times=self.network.needs_times)

    @torch.inference_mode()
    def _vectors(self, raw: RawHistories) -> UserVectors:
        return user_vectors(self.network, self.known(raw))

    def _batches(self, histories: Any, times: Any, batch_size: int) -> Iterator[RawHistories]:
        columns = Columns.of_run(self.trained.settings, {})
        return read_histories(histories, times=times, batch_size=batch_size, columns=columns)
