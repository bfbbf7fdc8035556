"""The page: what was measured, what the model of cost says of it, and what follows for billions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from recbole_opal.runs.atomic import write_text
from recbole_opal.verification.pages import check_in
from scaling.engines import ENGINES
from scaling.picture import Curve, write_picture
from scaling.projection import Machine, Scale, limits, projected
from scaling.quantities import QUANTITIES, Fitted, Record
from scaling.tables import far_table, measured_tables, model_table, table
from scaling.wording import count, in_bytes, in_seconds

_FAR = (100_000_000, 1_000_000_000)
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
        _answer(records, fitted, scales, machine),
        f"![memory and seconds against the number of items]({picture.name})",
        far_table(scales, machine),
        _first(fitted, machine),
        measured_tables(records),
        model_table(fitted),
        _log(records.get("log", [])),
        _engines(),
        _how(records["steps"][-1]),
        check_in(page),
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


def _answer(
    records: Mapping[str, Sequence[Record]],
    fitted: Mapping[str, Fitted],
    scales: Sequence[Scale],
    machine: Machine,
) -> str:
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

Measured are {_reach(records["steps"])} items and {_reach(records["histories"])} users, on one \
core; 100 million and a billion are calculated, and nobody has run them here."""


def _reach(records: Sequence[Record]) -> str:
    return f"{count(records[0]['size'])} to {count(records[-1]['size'])}"


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


def _log(records: Sequence[Record]) -> str:
    if not records:
        return ""
    log = records[-1]
    bound = in_bytes(log["bound_bytes"])
    run = f"run of {log['steps']} steps, both stages, judged on 500 users"
    rows = [
        ["building, once", in_seconds(log["build_seconds"]), *_memory(log, "build")],
        [run, in_seconds(log["run_seconds"]), *_memory(log, "run")],
    ]
    heads = ["", "core", "own memory (RssAnon)", "asked for (VmData)", "mapped (RssFile)"]
    return f"""## {log["interactions"]:,} interactions within {bound}

A text of {in_bytes(log["text_bytes"])} ({log["users"]:,} users, {log["items"]:,} items) is read, \
sorted and trained on by `--histories_folder=...` under `RLIMIT_DATA` of {bound}, beyond which the \
system gives a process no memory of its own; mapped pages can be taken back at any time. The files \
take {in_bytes(log["disk_bytes"])} on disk. Batches are those of a run in memory, to the last bit \
(a test).

{table(heads, rows)}"""


def _memory(log: Record, phase: str) -> list[str]:
    return [in_bytes(log[f"{phase}_{name}"]) for name in ("RssAnon", "VmData", "RssFile")]


def _engines() -> str:
    rows = [[each.part, each.here, each.beyond] for each in ENGINES]
    heads = ["part", "here, on one machine", "engine beyond it"]
    return "## An existing engine for each part\n\n" + table(heads, rows)


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
