"""Recommend items to anybody with a history, by raw ids."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from recbole_opal.reranking import Rule
from recbole_opal.retrieval import ExactIndex
from recbole_opal.retrieval.retriever import Retriever
from recbole_opal.serving.answer import Assortment, answer
from recbole_opal.serving.explain import explain
from recbole_opal.serving.explanation import Explanation
from recbole_opal.serving.histories import KnownHistories, RawHistories
from recbole_opal.serving.item_ids import ItemIds, named
from recbole_opal.serving.known import known_histories
from recbole_opal.serving.lists import Lists
from recbole_opal.serving.popularity import PopularItems
from recbole_opal.serving.request import Request, check_k
from recbole_opal.serving.similar import similar_items
from recbole_opal.serving.sources import Columns, read_histories
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.serving.vectors import CatalogueVectors, UserVectors, user_vectors

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Unpack

    from recbole_opal.serving.request import Wishes

__all__ = ["Recommender"]

_BATCH = 1024


class Recommender:
    """A trained model in use. Nothing in it changes once it is made: threads may share it.

    Users need not be known: what counts is the history that is given. Item ids are those of the
    data set, as text or as whole numbers.

    Args:
        trained: the model and its ids.
        retriever: the search over its item vectors; None: the exact one.

    Example:
        >>> import recbole_opal
        >>> recommender = recbole_opal.load("saved/OPAL-ml-100k-...")  # doctest: +SKIP
        >>> recommender.recommend({"ann": ["242", "302"]}, k=10)  # doctest: +SKIP
        >>> recommender.explain(["242", "302"], "269")  # doctest: +SKIP
    """

    def __init__(self, trained: TrainedModel, retriever: Retriever | None = None) -> None:
        self.trained = trained
        self.network = trained.network
        self.ids = ItemIds(trained.items)
        with torch.no_grad():
            table = self.network.item_table()
            # Without what the queries hold beside interests; a table looks like a batch of one.
            compared = self.network.interest_columns(table.unsqueeze(0))[0]
        self.retriever = ExactIndex(table) if retriever is None else retriever
        categories = None if trained.categories is None else torch.from_numpy(trained.categories)
        self._items = Assortment(self.retriever, PopularItems(trained.counts), categories, compared)

    def recommend(
        self,
        histories: Any,
        k: int = 50,
        *,
        exclude_seen: bool = True,
        exclude: Iterable[Any] | Mapping[Any, Iterable[Any]] | None = None,
        only: Iterable[Any] | None = None,
        diversity: float = 0.0,
        rule: Rule = "categories",
        per_interest: int = 0,
        by_share: float = 0.0,
        times: Any = None,
        unknown: Literal["ignore", "error"] = "ignore",
    ) -> pd.DataFrame:
        """Return the k best items of each user as rows.

        Args:
            histories: items of each user, oldest first: a dict, lists, a DataFrame, or the path of
                a file; see `serving.sources.read_histories`.
            k: the length of a list; shorter where fewer items are left.
            exclude_seen: whether what a history holds is left out.
            exclude: items to leave out, for everybody, or a mapping of users to items; users are
                compared as text.
            only: the items that may be listed, for everybody.
            diversity: from 0, by score alone; see `reranking.Reranking`, also for the next three.
            rule: `categories`, `mmr` or `dpp`.
            per_interest: places at least of each interest in use.
            by_share: the part of the list that interests share by their shares of the history.
            times: seconds of each item, in the form of the histories; some models need them.
            unknown: whether items that the model does not know are left out, with a warning, or
                an "error".

        Returns:
            user (as given), rank (from 1), item (text), score, interest (which one retrieved it),
            by_popularity. A user without a known item gets the most popular of the training data:
            by_popularity is true, the interest -1, the score the number of interactions.
            `attrs["unknown_items"]` counts the unknown items.

        Raises:
            SettingsError: an argument is not allowed.
            DataError: the histories cannot be read, an id is neither text nor a whole number, an
                item of `only` is unknown, times are missing.
        """
        import pandas as pd

        unknown_items: Counter[str] = Counter()
        frames = []
        for lists in self.stream(
            histories,
            k,
            times=times,
            exclude_seen=exclude_seen,
            exclude=exclude,
            only=only,
            diversity=diversity,
            rule=rule,
            per_interest=per_interest,
            by_share=by_share,
            unknown=unknown,
        ):
            unknown_items.update(lists.unknown)
            frames.append(lists.to_frame())
        if unknown_items:
            warnings.warn(f"the histories hold {named(unknown_items)}; left out.", stacklevel=2)
        if not frames:
            frames.append(self.lists(RawHistories([], [])).to_frame())
        frame = pd.concat(frames, ignore_index=True)
        frame.attrs["unknown_items"] = dict(unknown_items)
        return frame

    def stream(
        self,
        histories: Any,
        k: int = 50,
        *,
        times: Any = None,
        batch_size: int = _BATCH,
        **wishes: Unpack[Wishes],
    ) -> Iterator[Lists]:
        """Yield the lists of a batch of users at a time, so that any number of them fits.

        Args:
            histories: as of `recommend`, or an iterator of `RawHistories`, each a batch.
            k: as of `recommend`.
            times: as of `recommend`.
            batch_size: users at a time, fewer where k is so large that their lists would not fit.
            **wishes: the other arguments of `recommend`, which is also where errors are told;
                those of the arguments are raised at once.
        """
        request = Request.of(self.ids, k, **wishes)
        rows = request.rows_at_a_time(self._items.compared.shape[1], batch_size)
        batches = self._batches(histories, times, rows)
        return (self._answer(raw, request) for raw in batches)

    def lists(self, raw: RawHistories, k: int = 50, **wishes: Unpack[Wishes]) -> Lists:
        """Return the lists of one batch; arguments and errors as of `recommend`."""
        return self._answer(raw, Request.of(self.ids, k, **wishes))

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
        numbers = self.ids.known(several, "the list of items")
        frame = similar_items(numbers, check_k(k), self._items.compared, self.trained.items)
        frame.attrs["similarity"] = "cosine" if self.network.unit_vectors else "inner product"
        return frame

    def user_vectors(self, histories: Any, *, times: Any = None) -> UserVectors:
        """Return the interests of users; arguments and errors as of `recommend`."""
        found = [self._vectors(raw) for raw in self._batches(histories, times, _BATCH)]
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
        (number,) = self.ids.known([item], "item")
        return explain(
            self.network,
            self.known(raw),
            int(number),
            table=self.retriever.items.table,
            compared=self._items.compared,
            ids=self.ids,
            nearest=check_k(nearest),
        )

    def known(self, raw: RawHistories) -> KnownHistories:
        """Return histories by internal ids, as the network reads them."""
        longest = self.trained.settings["MAX_ITEM_LIST_LENGTH"]
        return known_histories(raw, self.ids, longest, with_times=self.network.needs_times)

    @torch.inference_mode()
    def _answer(self, raw: RawHistories, request: Request) -> Lists:
        known = self.known(raw)
        request.check_unknown(known.unknown)
        return answer(self.network, self._items, known, request)

    @torch.inference_mode()
    def _vectors(self, raw: RawHistories) -> UserVectors:
        return user_vectors(self.network, self.known(raw))

    def _batches(self, histories: Any, times: Any, batch_size: int) -> Iterator[RawHistories]:
        columns = Columns.of_run(self.trained.settings, {})
        return read_histories(histories, times=times, batch_size=batch_size, columns=columns)
