"""What is modelled: which measured number, as a sum of which terms, checked on which size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaling.cost_model import CostModel, Terms
from scaling.indexes import SAMPLE
from scaling.steps import INTERESTS, WIDTH

Record = Mapping[str, Any]
"""A measurement, or the size of one that is only calculated."""
ENOUGH = 0.2
"""The largest relative error at the size that was held back."""


@dataclass(frozen=True)
class Quantity:
    """A cost, and the terms that it is a sum of.

    Attributes:
        readings: the list of a measurement that holds several of the cost, each under other
            conditions, which stand beside it; None: there is one.
    """

    title: str
    part: str
    key: str
    unit: str
    terms: Callable[[Record], Terms]
    readings: str | None = None

    def fitted(self, records: Sequence[Record]) -> Fitted:
        """Fit the model on all sizes but the largest, which it is checked on."""
        *smaller, largest = sorted(records, key=lambda record: int(record["size"]))
        seen = [reading for record in smaller for reading in self._each(record)]
        costs = [float(reading[self.key]) for reading in seen]
        model = CostModel.fit([self.terms(reading) for reading in seen], costs)
        held = [Fitted(self, model, reading) for reading in self._each(largest)]
        return max(held, key=lambda each: abs(each.error))

    def _each(self, record: Record) -> Sequence[Record]:
        if self.readings is None:
            return [record]
        return [{**record, **reading} for reading in record[self.readings]]


@dataclass(frozen=True)
class Fitted:
    """A quantity's model, and the measurement it has not seen: of several, the worst."""

    quantity: Quantity
    model: CostModel
    held: Record

    def cost(self, size: Record) -> float:
        """Return the cost at a size, measured or not."""
        return self.model.cost(self.quantity.terms(size))

    @property
    def measured(self) -> float:
        """The cost at the size that was held back."""
        return float(self.held[self.quantity.key])

    @property
    def error(self) -> float:
        """By which share of the measured cost the model is off there."""
        return self.model.error(self.quantity.terms(self.held), self.measured)

    @property
    def holds(self) -> bool:
        """Whether that is within 20 %."""
        return abs(self.error) <= ENOUGH


def _items(record: Record) -> Terms:
    return {"constant": 1.0, "items": record["size"]}


def _touched(record: Record) -> Terms:
    rows = record["touched_rows"]
    return {"constant": 1.0, "rows touched x log10(items)": rows * math.log10(record["size"])}


def _searched(record: Record) -> Terms:
    return {"constant": 1.0, "items x K x D": record["size"] * INTERESTS * WIDTH}


def _training(record: Record) -> Terms:
    """Ten rounds of k-means over 64 items a list; codes are learnt from as many items always."""
    return {"constant": 1.0, "k-means: lists x lists x sample": SAMPLE * record["lists"] ** 2}


def _filling(record: Record) -> Terms:
    """Each item is compared with the centroid of each list, and coded."""
    items = record["size"]
    return {"items": items, "items x lists": items * record["lists"]}


def _probing(record: Record) -> Terms:
    """An interest is compared with all centroids, then with the codes of the lists it reads."""
    lists = record["lists"]
    codes = record["nprobe"] * record["size"] / lists
    return {"constant": 1.0, "lists": lists, "codes read": codes}


def _coded(record: Record) -> Terms:
    return {"items": record["size"], "lists": record["lists"]}


def _users(record: Record) -> Terms:
    return {"constant": 1.0, "users": record["size"]}


def _gathered(record: Record) -> Terms:
    """The larger the arrays, the less of them is cached; what is not mapped yet must be."""
    users, faults = record["size"], record["faults"]
    return {"constant": 1.0, "log10(users)": math.log10(users), "page faults": faults}


def _interactions(record: Record) -> Terms:
    return {"constant": 1.0, "interactions": record["interactions"]}


QUANTITIES = {
    "memory": Quantity("table, moments, counts", "steps", "memory_bytes", "bytes", _items),
    "soft": Quantity("a soft step", "steps", "soft_step_seconds", "s", _touched),
    "hard": Quantity("a hard step", "steps", "hard_step_seconds", "s", _touched),
    "start": Quantity("start by co-occurrence", "start", "peak_bytes", "bytes", _items),
    "search": Quantity("exact top 50, a user", "evaluation", "seconds_a_user", "s", _searched),
    "train": Quantity("training IVF-PQ", "index", "train_seconds", "s", _training),
    "fill": Quantity("filling IVF-PQ", "index", "add_seconds", "s", _filling),
    "probe": Quantity(
        "IVF-PQ top 50, a user", "index", "seconds_a_user", "s", _probing, "searches"
    ),
    "codes": Quantity("the IVF-PQ index", "index", "index_bytes", "bytes", _coded),
    "disk": Quantity("histories on disk", "histories", "disk_bytes", "bytes", _interactions),
    "sort": Quantity("building histories", "histories", "build_seconds", "s", _interactions),
    "gather": Quantity(
        "gathering a batch", "histories", "gather_seconds", "s", _gathered, "gathers"
    ),
    "users": Quantity("held beside mapped files", "histories", "held_bytes", "bytes", _users),
}
