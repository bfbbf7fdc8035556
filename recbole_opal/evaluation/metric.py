"""A metric is one object: its name, title, direction, what it is of, and how it is computed.

Evaluator, stopping, tables, differences and report read it from here; nothing else lists metrics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from recbole_opal.evaluation.judged import Judged

__all__ = ["FloatArray", "Metric", "MetricTraits", "name_of"]

FloatArray = npt.NDArray[np.float64]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TAKEN = ("user_id", "history_length")  # arrays that lie beside the values of each user


class Metric:
    """How lists are judged; derive from it for a metric of your own and write `values`.

    Stability: stable.

    Attributes:
        name: its key in results, as in `name@50`; the class's name in lower case if none is given.
        title: as reports call it; the class's name if none is given.
        short: as the columns of tables call it; the title if none is given.
        bigger_is_better: which side stopping, tuning, tables and the report take as the better one.
        per_user: whether there is a value for each user, of which the mean is told and the
            differences between models are tested; else there is one for all lists together.
        at_k: whether it is of the first k of a list, for each k of the setting `topk`.
        diversity: whether tables show it with the diversity of the lists, not with accuracy.
        every_run: whether ours is measured on the test part of every run, chosen or not.
        needs_ranks: whether it reads `Judged.ranks`, which cost a second pass over the items.

    Examples:
        >>> class Rarity(Metric):
        ...     def values(self, judged, k):
        ...         rarity = 1 / (1 + judged.training.counts)
        ...         return rarity[judged.items[:, :k]].mean(axis=1)
        >>> Rarity().name
        'rarity'
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    short: ClassVar[str] = ""
    bigger_is_better: ClassVar[bool] = True
    per_user: ClassVar[bool] = True
    at_k: ClassVar[bool] = True
    diversity: ClassVar[bool] = False
    every_run: ClassVar[bool] = False
    needs_ranks: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Name the metric after its class where it has no name or title of its own."""
        super().__init_subclass__()
        own = vars(cls)
        cls.name = own.get("name") or cls.__name__.lower()
        cls.title = own.get("title") or cls.__name__
        cls.short = own.get("short") or cls.title

    def values(self, judged: Judged, k: int) -> FloatArray | float:
        """Return (E,) values, NaN for users that have none, or one if it is not `per_user`.

        Args:
            judged: the lists of E users, the targets among them, and what training knew.
            k: how much of each list counts; the whole length for a metric that is not `at_k`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method `values`.")

    def at_each(self, judged: Judged, topk: Sequence[int]) -> Mapping[str, FloatArray | float]:
        """Return what `values` gives at each cut-off, by the key that results have."""
        if not self.at_k:
            return {self.name: self.values(judged, max(topk))}
        return {f"{self.name}@{k}": self.values(judged, k) for k in topk}

    @classmethod
    def problem(cls) -> str | None:
        """Return what keeps a class from being a metric, None if nothing does."""
        if not isinstance(cls.name, str) or not _NAME.fullmatch(cls.name) or cls.name in _TAKEN:
            return f"has the name {cls.name!r}; write small letters, digits and `_`"
        if cls.values is Metric.values and cls.at_each is Metric.at_each:
            return "has no method `values(self, judged, k)`; write it"
        try:
            MetricTraits.of(cls)
            cls()
        except ValidationError as error:
            wrong = error.errors()[0]
            return f"has {wrong['loc'][0]} = {wrong['input']!r}; {wrong['msg'].lower()}"
        except Exception as error:  # whatever stands in its constructor
            return f"cannot be made as {cls.__name__}() ({type(error).__name__}: {error})"
        return None


class MetricTraits(BaseModel):
    """What a result says of a metric of the user's, for readers that do not have its class."""

    model_config = ConfigDict(strict=True, frozen=True)

    title: str = Field(min_length=1, max_length=200)
    short: str = Field(min_length=1, max_length=200)
    bigger_is_better: bool = True
    diversity: bool = False

    @classmethod
    def of(cls, metric: Metric | type[Metric]) -> MetricTraits:
        """Return what there is to know of a metric."""
        return cls.model_validate({name: getattr(metric, name) for name in cls.model_fields})


def name_of(metric: str) -> str:
    """Return the metric without its list length, in lower case: `Recall@50` is `recall`."""
    return metric.partition("@")[0].lower()
