"""The page: what was measured, what the model of cost says of it, and what follows for billions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.runs.atomic import write_text
from scaling.engines import ENGINES
from scaling.picture import Curve, write_picture
from scaling.projection import Machine, Scale, limits, projected
from scaling.quantities import QUANTITIES, Fitted, Record
from scaling.wording import count, in_bytes, in_seconds

_FAR = (100_000_000, 1_000_000_000)
_UNITS = {"bytes": in_bytes, "s": in_seconds}
_GIB = 2**30


def write_page(measured: Path, page: Path) -> None:
    """Write the page and the picture beside it from the JSON files of a folder.

    Raises:
        SystemExit: a part was not measured.
    """
    records = _records(measured)
    lacking = [each.title for each in QUANTITIES.values() if len(records.get(each.part, ())) < 3]
    if lacking:
        raise SystemExit(f"not measured yet: {', '.join(lacking)}; run the parts before.")
    fitted = {name: each.fitted(records[each.part]) for name, each in QUANTITIES.items()}
    machine = Machine()
    touched = records["steps"][-1]["touched_rows"]
    scales = [projected(fitted, items, touched, machine) for items in _FAR]
    picture = page.with_suffix(".svg")
    parts = [
        _answer(fitted, scales, machine),
        f"![memory and seconds against the number of items]({picture.name})",
        _far_table(scales, machine),
        _first(fitted, machine),
        _measured_tables(records),
        _model_table(fitted),
        _log(records.get("log", [])),
        _engines(),
        _how(records["steps"][-1]),
    ]
    page.parent.mkdir(parents=True, exist_ok=True)
    write_text(picture, write_picture(_panels(records, fitted, scales), machine.memory / _GIB))
    write_text(page, "\n\n".join(part for part in parts if part) + "\n")


def _records(folder: Path) -> dict[str, list[Record]]:
    """Return the measurements of each part, the smallest size first."""
    found: dict[str, list[Record]] = {}
    for path in folder.glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(record["part"], []).append(record)
    return {part: sorted(each, key=lambda one: int(one["size"])) for part, each in found.items()}


def _answer(fitted: Mapping[str, Fitted], scales: Sequence[Scale], machine: Machine) -> str:
    far = scales[-1]
    held = fitted["soft"]
    worst = max(fitted.values(), key=lambda each: abs(each.error))
    failed = [each.quantity.title for each in fitted.values() if not each.holds]
    verdict = (
        f"All {len(fitted)} parts of the model are within 20 % of the size they had not seen"
        if not failed
        else f"Of {len(fitted)} parts of the model {', '.join(failed)} missed 20 % at the size "
        "they had not seen: what follows from those is no more than an order of magnitude"
    )
    return f"""# Does OPAL scale to billions of items?

The paper leaves it open. **The method does, one machine does not.** A training step touches \
{held.held["touched_rows"]:,.0f} rows of the item table whatever its length: at \
{count(held.held["size"])} items a soft step takes {in_seconds(held.measured)} of one core, and \
by the model {in_seconds(far.soft)} at a billion. What grows with the items is memory: table and \
Adam's moments take {in_bytes(far.memory)} at a billion items of width 64, {far.trainers} machines \
of {in_bytes(machine.memory)}. Exact search grows with them too ({in_seconds(far.search)} of a \
core a user); an IVF-PQ index of {in_bytes(far.index)} answers in {in_seconds(far.probe)}. \
Histories lie in files ({in_bytes(far.histories)} for a billion users of 20 interactions) and cost \
no memory. {verdict}; the worst is {worst.quantity.title}, {worst.error:+.0%}.

Measured are 100,000 to 10,000,000 items and users, on one core; 100 million and a billion are \
calculated, and nobody has run them here."""


def _far_table(scales: Sequence[Scale], machine: Machine) -> str:
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
        "building IVF-PQ, core": [in_seconds(each.build) for each in scales],
        "machines that serve codes and table": [str(each.servers) for each in scales],
        "traffic of a served user": [in_bytes(each.query_traffic) for each in scales],
    }
    heads = [f"{count(each.items)} items and users" for each in scales]
    network = machine.network * 8 / 1e9
    return (
        "## What far sizes take (calculated)\n\n"
        + _table(["", *heads], [[name, *values] for name, values in rows.items()])
        + f"\n\nA machine is taken to have {in_bytes(machine.memory)}, {machine.cores} cores and "
        f"a network of {network:.0f} Gbit/s. Rows that a batch looks up lie on all machines alike; "
        "they and their gradients travel, the table never does. The index has 4 sqrt(N) lists, of "
        "which 32 are read."
    )


def _first(fitted: Mapping[str, Fitted], machine: Machine) -> str:
    ordered = [
        f"{number}. {title}: at {count(most)}."
        for number, (title, most) in enumerate(limits(fitted, machine), start=1)
    ]
    return (
        "## What breaks first\n\n"
        f"On one machine of {in_bytes(machine.memory)}, by the slopes of the model:\n\n"
        + "\n".join(ordered)
        + "\n\nWith `--item_start=random` the start costs nothing. `ids.json` holds every user's "
        "token, and so does a process that trains: beyond some hundred million users the tokens "
        "belong into a table of their own. Exact evaluation of all users is quadratic; hold out "
        "some (`--eval_args=\"{'split': {'user': ...}}\"`), or evaluate by an index "
        "(`--retrieval=ivf-pq`)."
    )


def _measured_tables(records: Mapping[str, Sequence[Record]]) -> str:
    """Return a table a part, a column a size."""
    texts = ["## Measured"]
    for part, title in {
        "steps": "Items: a step of OPAL's default recipe, K = 4, 1,024 rows",
        "start": "Items: the start by co-occurrence, 2,000,000 interactions",
        "evaluation": "Items: exact search, K = 4, a soft maximum",
        "index": "Items: IVF-PQ, 22 bytes an item, 32 lists read, scored again exactly",
        "histories": "Users: histories in mapped files, 1,000,000 items",
    }.items():
        found = records[part]
        left_out = {"part", "size", "seed", "versions", "processor"}
        rows = [
            [_label(key), *(_value(key, record[key]) for record in found)]
            for key in found[0]
            if key not in left_out
        ]
        heads = ["", *(count(record["size"]) for record in found)]
        texts.append(f"### {title}\n\n{_table(heads, rows)}")
    return "\n\n".join(texts)


def _model_table(fitted: Mapping[str, Fitted]) -> str:
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
        "that.\n\n" + _table(heads, rows)
    )


def _log(records: Sequence[Record]) -> str:
    if not records:
        return ""
    log = records[-1]
    return f"""## {log["interactions"]:,} interactions within {in_bytes(log["bound_bytes"])}

A text of {in_bytes(log["text_bytes"])} ({log["users"]:,} users, {log["items"]:,} items) is read, \
sorted and trained on by `--histories_folder=...` under `RLIMIT_DATA` of \
{in_bytes(log["bound_bytes"])}, beyond which the system gives a process no memory of its own. The \
files take {in_bytes(log["disk_bytes"])} on disk. Batches are those of a run in memory, to the \
last bit (a test).

{
        _table(
            ["", "core", "own memory (RssAnon)", "asked for (VmData)", "mapped, can be taken back"],
            [
                ["building, once", in_seconds(log["build_seconds"]), *_memory(log, "build")],
                [
                    f"run of {log['steps']} steps, both stages, judged on 500 users",
                    in_seconds(log["run_seconds"]),
                    *_memory(log, "run"),
                ],
            ],
        )
    }"""


def _memory(log: Record, phase: str) -> list[str]:
    return [in_bytes(log[f"{phase}_{name}"]) for name in ("RssAnon", "VmData", "RssFile")]


def _engines() -> str:
    rows = [[each.part, each.here, each.beyond] for each in ENGINES]
    heads = ["part", "here, on one machine", "engine beyond it"]
    return "## An existing engine for each part\n\n" + _table(heads, rows)


def _how(record: Record) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return (
        "## How it was measured\n\n`python benchmarks/scale.py`, seed "
        f"{record['seed']}, one thread of {record['processor']}; {versions}. Seconds are processor "
        "time, medians where something is repeated; every size is a process of its own. Logs are "
        "drawn: 20 interactions a user, at any time, an item met less often with the root of its "
        "rank; item vectors lie around 2,000 centres. So accuracy here means nothing, and recall "
        "is that of the index against the exact lists."
    )


def _panels(
    records: Mapping[str, Sequence[Record]], fitted: Mapping[str, Fitted], scales: Sequence[Scale]
) -> dict[str, list[Curve]]:
    def curve(name: str, key: str, factor: float) -> Curve:
        each = fitted[key]
        found = [(r["size"], r[each.quantity.key] * factor) for r in records[each.quantity.part]]
        by_model = [(r["size"], each.cost(r) * factor) for r in records[each.quantity.part]]
        attribute = {"memory": "memory", "codes": "index"}.get(key, key)
        far = [(float(s.items), getattr(s, attribute) * factor) for s in scales]
        return Curve(name, found, [*by_model, *far])

    return {
        "memory, GiB": [
            curve("start by co-occurrence", "start", 1 / _GIB),
            curve("table and moments", "memory", 1 / _GIB),
            curve("IVF-PQ index", "codes", 1 / _GIB),
        ],
        "milliseconds of one core": [
            curve("exact top 50, a user", "search", 1e3),
            curve("hard step, 1,024 rows", "hard", 1e3),
            curve("soft step, 1,024 rows", "soft", 1e3),
            curve("IVF-PQ top 50, a user", "probe", 1e3),
        ],
    }


def _label(key: str) -> str:
    return key.removesuffix("_bytes").removesuffix("_seconds").replace("_", " ")


def _value(key: str, value: Any) -> str:
    if key.endswith("bytes"):
        return in_bytes(value)
    if "seconds" in key:
        return in_seconds(value)
    return f"{value:.4f}" if isinstance(value, float) and value <= 1 else f"{value:,.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines(heads, rows))


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|---|" + "---:|" * (len(heads) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
