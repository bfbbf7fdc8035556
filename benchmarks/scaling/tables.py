"""The tables of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scaling.projection import Machine, Scale
from scaling.quantities import Fitted, Record
from scaling.wording import count, in_bytes, in_seconds

_UNITS = {"bytes": in_bytes, "s": in_seconds}


def far_table(scales: Sequence[Scale], machine: Machine) -> str:
    """Return what sizes that nobody has measured take."""
    rows = {
        "item table, float32, D = 64": [in_bytes(each.table) for each in scales],
        "Adam's two moments": [in_bytes(each.moments) for each in scales],
        f"machines of {in_bytes(machine.memory)} for both": [str(s.trainers) for s in scales],
        "start by co-occurrence, most memory": [in_bytes(each.start) for each in scales],
        "soft step, core": [in_seconds(each.soft) for each in scales],
        "hard step, core": [in_seconds(each.hard) for each in scales],
        "one cut of each user, soft, core": [in_seconds(each.epoch) for each in scales],
        "traffic into a machine, a step of its 1,024 rows": [
            f"{in_bytes(each.step_traffic)}, {in_seconds(each.step_network)}" for each in scales
        ],
        "histories on disk, 20 a user": [in_bytes(each.histories) for each in scales],
        "building them, core": [in_seconds(each.sort) for each in scales],
        "held beside them (ids, offsets, order of an epoch)": [in_bytes(s.users) for s in scales],
        "flat index: the table": [in_bytes(each.table) for each in scales],
        "exact top 50, core a user": [in_seconds(each.search) for each in scales],
        "IVF-PQ index": [in_bytes(each.index) for each in scales],
        "IVF-PQ top 50, core a user": [in_seconds(each.probe) for each in scales],
        "gathering a batch whose pages are all met first": [
            in_seconds(each.gather) for each in scales
        ],
        "building IVF-PQ, core": [in_seconds(each.build) for each in scales],
        "machines that serve codes and table": [str(each.servers) for each in scales],
        "traffic of a served user": [in_bytes(each.query_traffic) for each in scales],
    }
    heads = [f"{count(each.items)} items and users" for each in scales]
    network = machine.network * 8 / 1e9
    return (
        "## What far sizes take (calculated)\n\n"
        + table(["", *heads], [[name, *values] for name, values in rows.items()])
        + f"\n\nA machine is taken to have {in_bytes(machine.memory)}, {machine.cores} cores and "
        f"a network of {network:.0f} Gbit/s. Rows that a batch looks up lie on all machines alike; "
        "they and their gradients travel, the table never does. The index has 4 sqrt(N) lists, of "
        "which 32 are read."
    )


def measured_tables(records: Mapping[str, Sequence[Record]]) -> str:
    """Return a table a part, a column a size."""
    texts = ["## Measured"]
    for part, title in {
        "steps": "Items: a step of OPAL's default recipe, K = 4, 1,024 rows",
        "start": "Items: the start by co-occurrence, 2,000,000 interactions",
        "evaluation": "Items: exact search, K = 4, a soft maximum",
        "index": "Items: IVF-PQ, 22 bytes an item, scored again exactly",
        "histories": "Users: histories in mapped files, 1,000,000 items",
    }.items():
        told = [_rows(record) for record in records[part]]
        rows = [[label, *(each[label] for each in told)] for label in told[0]]
        heads = ["", *(count(record["size"]) for record in records[part])]
        texts.append(f"### {title}\n\n{table(heads, rows)}")
    return "\n\n".join(texts)


def model_table(fitted: Mapping[str, Fitted]) -> str:
    """Return the models, and how far off each is at the size that was held back."""
    rows = []
    for each in fitted.values():
        unit = _UNITS[each.quantity.unit]
        terms = " + ".join(
            f"{value:.3g} {name}" if name != "constant" else f"{value:.3g}"
            for name, value in each.model.coefficients.items()
            if value
        )
        told = each.cost(each.held)
        name = f"{each.quantity.title}, {each.quantity.unit}"
        held = count(each.held["size"])
        error = f"{each.error:+.1%}{'' if each.holds else ' **missed**'}"
        rows.append([name, terms, held, unit(each.measured), unit(told), error])
    heads = ["cost", "model", "held back", "measured", "model says", "error"]
    return (
        "## The model of cost\n\nEach cost is a sum of terms with coefficients of at least 0, "
        "fitted by least squares of relative errors on all sizes but the largest, and checked on "
        "that.\n\n" + table(heads, rows)
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first stand right."""
    return "\n".join(_lines(heads, rows))


def _rows(record: Record) -> dict[str, str]:
    """Return what was found, by its label; of several readings each, the first entry names it.

    What the measurement holds beside them is the usual one of the readings.
    """
    lists = [value for value in record.values() if isinstance(value, list)]
    left_out = {"part", "size", "seed", "versions", "processor"}
    left_out |= {key for readings in lists for reading in readings for key in reading}
    plain = {k: v for k, v in record.items() if k not in left_out and not isinstance(v, list)}
    rows = {_label(key): _value(key, value) for key, value in plain.items()}
    for reading in (reading for readings in lists for reading in readings):
        (name, at), *values = reading.items()
        rows |= {f"{_label(key)}, {name} {at}": _value(key, value) for key, value in values}
    return rows


def _label(key: str) -> str:
    return key.removesuffix("_bytes").removesuffix("_seconds").replace("_", " ")


def _value(key: str, value: Any) -> str:
    if key.endswith("bytes"):
        return in_bytes(value)
    if "seconds" in key:
        return in_seconds(value)
    share = isinstance(value, float) and 0 < value <= 1
    return f"{value:.4f}" if share else f"{value:,.0f}"


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|---|" + "---:|" * (len(heads) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
