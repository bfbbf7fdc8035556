"""What came out of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recbole_opal.comparison.differences import best_row, opal_row
from recbole_opal.comparison.rows import Row
from recbole_opal.evaluation.diagnostics import collapse_warning
from recbole_opal.evaluation.registry import own_traits
from recbole_opal.settings.fields import typed

__all__ = ["ComparisonResult"]


@dataclass(frozen=True)
class ComparisonResult:
    """What came out of a comparison.

    Attributes:
        folder: the comparison folder with the tables and the report.
        dataset: the data set's name.
        command: what makes the same comparison again.
        seeds: the seeds of each variant.
        metric: the metric on validation that decides, in lower case.
        bigger: whether more of it is better.
        versions: package to version.
        hardware: where the runs were made.
        tuning: None without tuning, else `trials`, the budget of each row, `seconds`, which bound
            each trial (None: as the runs), and by label: how many were `tried`, the `search`
            space, the settings `found`.
        rows: the table, a row a variant and stage; a failed one says why in `error`.

    Example:
        >>> from recbole_opal import compare
        >>> result = compare(["OPAL", "MIND"], "ml-100k", seeds=[1, 2])  # doctest: +SKIP
        >>> result.rows[0].test["recall@50"].mean  # doctest: +SKIP
    """

    folder: Path
    dataset: str
    command: str
    seeds: Sequence[int]
    metric: str
    bigger: bool
    versions: Mapping[str, str]
    hardware: str
    tuning: Mapping[str, Any] | None
    rows: Sequence[Row]

    @property
    def failed(self) -> list[Row]:
        """The rows of which a run failed."""
        return [row for row in self.rows if row.error is not None]

    @property
    def best(self) -> Row | None:
        """The row that is best on validation, None if every run failed."""
        return best_row(self.rows, self.metric, bigger=self.bigger)

    @property
    def opal(self) -> Row | None:
        """OPAL's best row on validation, None without one."""
        return opal_row(self.rows, self.metric, bigger=self.bigger)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the table must know of its rows, a line each."""
        lines = [f"{row.label}: {row.error}" for row in self.failed]
        for row in self.rows:
            if self.best and row.measured and set(row.users[0]) != set(self.best.users[0]):
                lines.append(
                    f"{row.label}: tested on other users than {self.best.label}; differences are "
                    "over the users of both"
                )
        for row in self.rows:
            if row.diagnostics and row.diagnostics.get("collapsed"):
                why = collapse_warning(row.diagnostics)
                lines.append(
                    f"{row.label}: {why or 'the interests collapsed in one of the seeds.'}"
                )
        return lines

    @property
    def tuned(self) -> list[str]:
        """The budget of tuning and what it found, a line each; empty without tuning."""
        if self.tuning is None:
            return []
        seconds = self.tuning["seconds"]
        bound = f", each trained for at most {seconds:g} s" if seconds else ""
        lines = [f"At most {self.tuning['trials']} settings a row, on validation only{bound}."]
        for label, found in self.tuning["found"].items():
            space = self.tuning["search"][label]
            if not space:
                lines.append(f"{label}: has no search space and keeps its defaults")
                continue
            pairs = " ".join(f"--{name}={typed(value)}" for name, value in found.items())
            tried = self.tuning["tried"][label]
            lines.append(f"{label}: {tried} tried of {', '.join(space)}; found {pairs}")
        return lines

    def as_plain(self) -> dict[str, Any]:
        """Return the content of comparison.json."""
        own = own_traits(name for row in self.rows for name in (*row.valid, *row.test))
        return {
            "dataset": self.dataset,
            "command": self.command,
            "seeds": list(self.seeds),
            "metric": self.metric,
            "versions": dict(self.versions),
            "hardware": self.hardware,
            "tuning": self.tuning,
            **({"own_metrics": own} if own else {}),
            "rows": [row.as_plain() for row in self.rows],
        }
