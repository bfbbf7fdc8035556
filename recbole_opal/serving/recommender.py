"""Recommend items to anybody with a history, by raw ids."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import torch

from recbole_opal.reranking import Rule
from recbole_opal.retrieval.retriever import Retriever
from recbole_opal.serving.answer import Assortment, answer
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.item_ids import named
from recbole_opal.serving.lists import Lists
from recbole_opal.serving.model_in_use import ModelInUse
from recbole_opal.serving.new_items import read_new_items, with_new_items
from recbole_opal.serving.popularity import PopularItems
from recbole_opal.serving.request import Request
from recbole_opal.serving.sources import BATCH
from recbole_opal.serving.trained import TrainedModel

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Unpack

    from recbole_opal.serving.request import Wishes

__all__ = ["Recommender"]


class Recommender(ModelInUse):
    """A trained model in use. Nothing in it changes once it is made: threads may share it.

    Users need not be known: what counts is the history that is given. Item ids are those of the
    data set, as text or as whole numbers.

    Examples:
        >>> import recbole_opal
        >>> recommender = recbole_opal.load("saved/OPAL-ml-100k-...")  # doctest: +SKIP
        >>> recommender.recommend({"ann": ["242", "302"]}, k=10)  # doctest: +SKIP
        >>> recommender.explain(["242", "302"], "269")  # doctest: +SKIP
    """

    def __init__(self, trained: TrainedModel, retriever: Retriever | None = None) -> None:
        super().__init__(trained, retriever)
        categories = None if trained.categories is None else torch.from_numpy(trained.categories)
        self._items = Assortment(
            self.retriever, PopularItems(trained.counts), categories, self._compared
        )

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
            unknown: whether items that the model does not know, in histories or to exclude, are
                left out, with a warning, or an "error".

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

        request = Request.of(
            self.ids,
            k,
            exclude_seen=exclude_seen,
            exclude=exclude,
            only=only,
            diversity=diversity,
            rule=rule,
            per_interest=per_interest,
            by_share=by_share,
            unknown=unknown,
        )
        if request.selection.unknown:
            told = named(request.selection.unknown)
            warnings.warn(f"exclude holds {told}; no list could hold them.", stacklevel=2)
        unknown_items: Counter[str] = Counter()
        frames = []
        for lists in self._answers(histories, times, request, BATCH):
            unknown_items.update(lists.unknown)
            frames.append(lists.to_frame())
        if unknown_items:
            warnings.warn(f"the histories hold {named(unknown_items)}; left out.", stacklevel=2)
        if not frames:
            frames.append(self.lists(RawHistories([], [])).to_frame())
        frame = pd.concat(frames, ignore_index=True)
        frame.attrs["unknown_items"] = dict(unknown_items)
        return frame

    def add_items(self, items: Any) -> Recommender:
        """Return a recommender that knows new items too, by their features; this one stays.

        Their vectors are composed of what the model has learned of the features, so that lists may
        hold them, histories too, and `similar_items` and `explain` know them. What is unknown of an
        item says nothing, and is told by a warning. By popularity they come last. An approximate
        index is built anew.

        Args:
            items: a frame of pandas or polars, or a mapping of columns to lists: the ids, under the
                name of the data set, and some of the columns of `item_features`.

        Raises:
            SettingsError: the model was trained without `item_features`.
            DataError: columns are missing, an id is known or there twice, a number is none.

        Examples:
            >>> recommender = recbole_opal.load("saved/OPAL-...")  # doctest: +SKIP
            >>> new = {"item_id": ["n1"], "tag": ["comedy drama"]}
            >>> recommender.add_items(new).recommend({"ann": ["242"]})  # doctest: +SKIP
        """
        new = read_new_items(self.trained, items, self.ids)
        for told in new.warnings():
            warnings.warn(told, stacklevel=2)
        return Recommender(*with_new_items(self.trained, self.retriever, new))

    def stream(
        self,
        histories: Any,
        k: int = 50,
        *,
        times: Any = None,
        batch_size: int = BATCH,
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
        return self._answers(histories, times, Request.of(self.ids, k, **wishes), batch_size)

    def lists(self, raw: RawHistories, k: int = 50, **wishes: Unpack[Wishes]) -> Lists:
        """Return the lists of some users, in bounded memory; arguments as of `recommend`."""
        found = [*self.stream(raw, k, batch_size=max(1, len(raw.users)), **wishes)]
        return Lists.joined(found)

    def _answers(
        self, histories: Any, times: Any, request: Request, batch_size: int
    ) -> Iterator[Lists]:
        rows = request.rows_at_a_time(self._items.compared.shape[1], batch_size)
        return (self._answer(raw, request) for raw in self._batches(histories, times, rows))

    @torch.inference_mode()
    def _answer(self, raw: RawHistories, request: Request) -> Lists:
        known = self.known(raw)
        request.check_unknown(known.unknown)
        return answer(self.network, self._items, self.ids.tokens, known, request)
