"""Files that come as train, validation and test: which protocol of a run makes the same parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.sql import Engine

__all__ = ["protocol_of"]


def protocol_of(engine: Engine, parts: Sequence[int]) -> dict[str, Any]:
    """Return the `split` of `eval_args` by which a run divides the log as its files are divided.

    It is a cut in time, or each user's last two interactions.

    Args:
        engine: with the table `kept` of the log.
        parts: of each of its files: 0 training, 1 validation, 2 test.

    Raises:
        DataError: no protocol makes these parts.
    """
    number = f"[{', '.join(map(str, parts))}][part + 1]"
    engine.run(f"CREATE VIEW divided AS SELECT *, {number} AS own FROM kept")
    bounds = {
        own: (first, last)
        for own, first, last in engine.rows(
            "SELECT own, min(seconds), max(seconds) FROM divided GROUP BY own"
        )
    }
    missing = [name for own, name in enumerate(("training", "validation", "test"))
               if own not in bounds]  # fmt: skip
    if missing:
        raise DataError(
            f"nothing is left of the {missing[0]} file; check it, or convert the files as one log."
        )
    if bounds[0][1] < bounds[1][0] and bounds[1][1] < bounds[2][0]:
        return {"time": {"cuts": [bounds[1][0], bounds[2][0]]}}
    (others,) = engine.row(
        "SELECT count(*) FROM (SELECT own, row_number() OVER (PARTITION BY u ORDER BY seconds DESC,"
        " nr DESC) AS back, count(*) OVER (PARTITION BY u) AS length FROM divided) WHERE own <> "
        "CASE WHEN back = 1 AND length >= 3 THEN 2 WHEN back = 2 AND length >= 4 THEN 1 ELSE 0 END"
    )
    if not others:
        return {"LS": "valid_and_test"}
    raise DataError(
        f"no run can divide the log as its files are divided: they overlap in time, and for "
        f"{others:,} interactions they are not each user's last two ones; name the files as one "
        "log, and choose how a run divides it by --eval_args."
    )
