"""From models that were checked to 100 million and a billion items: bytes, seconds, machines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scaling.drawn import A_USER
from scaling.indexes import NPROBE
from scaling.quantities import Fitted
from scaling.steps import BATCH, INTERESTS, WIDTH

_FLOAT, _ID = 4, 8
_TOP, _DEEPER = 50, 8
"""A shard answers an interest with 2 (`refine`) x 4 (a soft maximum) times the list."""
_COLUMNS = 3
"""Files that a row is gathered from; of so many users, each time from a page not met before."""


@dataclass(frozen=True)
class Machine:
    """What one machine is taken to have."""

    memory: float = 256 * 2**30  # bytes
    cores: int = 64
    network: float = 25e9 / 8  # bytes a second


@dataclass(frozen=True)
class Scale:
    """What some number of items, and of as many users, takes."""

    items: int
    table: float  # bytes, as all that follow but where said
    moments: float
    memory: float  # of table, moments and counts, by the model
    start: float
    index: float
    histories: float  # on disk
    users: float  # held beside them
    soft: float  # core-seconds a step, the rows at hand
    hard: float
    epoch: float  # core-seconds of one cut a user
    search: float  # core-seconds a user
    probe: float
    build: float  # core-seconds
    sort: float  # core-seconds
    gather: float  # core-seconds a batch
    trainers: int  # machines that hold table and moments
    servers: int  # machines that hold codes and table
    step_traffic: float  # bytes into one machine a step of its own batch, gradients included
    step_network: float  # seconds of that
    query_traffic: float  # bytes a user, to all shards and back


def projected(
    fitted: Mapping[str, Fitted], items: int, touched_rows: float, machine: Machine
) -> Scale:
    """Return what so many items and users take; `touched_rows` are those of a step."""
    lists = round(4 * items**0.5)
    at = {
        "size": items,
        "lists": lists,
        "nprobe": NPROBE,
        "faults": BATCH * _COLUMNS,
        "touched_rows": touched_rows,
        "interactions": A_USER * items,
    }
    cost = {name: each.cost(at) for name, each in fitted.items()}
    table = float(_FLOAT * WIDTH * items)
    trainers = max(math.ceil(cost["memory"] / machine.memory), 1)
    servers = math.ceil((cost["codes"] + table) / machine.memory)
    # Each machine's batch looks rows up, which lie elsewhere but for one in so many; their
    # gradients go the same way back.
    elsewhere = (trainers - 1) / trainers
    step_traffic = elsewhere * touched_rows * (2 * _FLOAT * WIDTH + 2 * _ID)
    answers = servers * INTERESTS * _TOP * _DEEPER * (_FLOAT + _ID)
    asked = servers * INTERESTS * WIDTH * _FLOAT
    return Scale(
        items=items,
        table=table,
        moments=2 * table,
        memory=cost["memory"],
        start=cost["start"],
        index=cost["codes"],
        histories=cost["disk"],
        users=cost["users"],
        soft=cost["soft"],
        hard=cost["hard"],
        epoch=items / BATCH * cost["soft"],
        search=cost["search"],
        probe=cost["probe"],
        build=cost["train"] + cost["fill"],
        sort=cost["sort"],
        gather=cost["gather"],
        trainers=trainers,
        servers=servers,
        step_traffic=step_traffic,
        step_network=step_traffic / machine.network,
        query_traffic=asked + answers,
    )


def limits(fitted: Mapping[str, Fitted], machine: Machine) -> list[tuple[str, float]]:
    """Return at how many items, or users, each part fills a machine's memory, the least first."""
    parts = {
        "start": ("item vectors that start by co-occurrence", "items"),
        "memory": ("item table with the two moments of Adam", "items"),
        "codes": ("the codes of an IVF-PQ index", "items"),
        "users": ("ids, offsets and the order of an epoch, beside histories in files", "users"),
    }
    found = []
    for name, (title, term) in parts.items():
        slope = fitted[name].model.coefficients[term]
        found.append((f"{title} ({term})", machine.memory / slope if slope else math.inf))
    return sorted(found, key=lambda each: each[1])
