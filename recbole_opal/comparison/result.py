"""A comparison as one object, which tables and report are views of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, SkipValidation
from pydantic_core import from_json

from recbole_opal.comparison.row import Checked, Known, MetricName, Number, Row
from recbole_opal.comparison.run_files import UserValues, load_user_values, open_run
from recbole_opal.comparison.text_tables import TextTable, as_options, tables_of
from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.evaluation.diagnostics import collapse_warning
from recbole_opal.evaluation.direction import (
    as_told_by,
    bigger_is_better,
    longest_cut_off,
)
from recbole_opal.evaluation.metric import MetricTraits
from recbole_opal.runs import RunReader
from recbole_opal.runs.encoding import decode_yaml
from recbole_opal.runs.manifest import regular_bytes

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["ComparisonResult", "Trial", "Tuning"]

_ANEW = "run the comparison's command again, which writes it anew"
_MAX_PLAN_BYTES = 2**20
Count = Annotated[int, Field(ge=0, le=10**15)]


class Trial(Checked):
    """A tried setting: what it reached on validation (None: it failed, and why), in seconds."""

    settings: dict[str, Any] = {}
    score: Number | None = None
    seconds: Number | None = None
    reason: str | None = None


class Tuning(Checked):
    """The budget of each row, what bounded a trial, and by label what was tried and found.

    `history` has by label the trials in their order, the defaults first; files of older versions
    have none.
    """

    trials: Count | None = None
    seconds: Number | None = None
    steps: Count | None = None
    tried: Known[Count] = {}
    search: Known[dict[str, Any]] = {}
    found: Known[dict[str, Any]] = {}
    history: Known[list[Trial]] = {}


class ComparisonResult(Checked):
    """What came out of a comparison; `comparison.json` holds it.

    Attributes:
        command: what makes the same comparison again.
        metric: the metric on validation that decides, in lower case.
        versions: package to version.
        hardware: where the runs were made.
        tuning: None without tuning.
        own_metrics: of the user's metrics among the results, what a reader must know.
        rows: the table, a row a variant and stage; a failed one says why in `error`.
        folder: the comparison folder with the tables and the report.
        users: `UserValues` by the row's label, as far as they were read; see `user_values`.

    Examples:
        >>> from recbole_opal import ComparisonResult, compare
        >>> result = compare(["OPAL", "MIND"], "ml-100k", seeds=[1, 2])  # doctest: +SKIP
        >>> result.rows[0].test["recall@50"].mean  # doctest: +SKIP
        >>> ComparisonResult.load(result.folder).to_frame()  # doctest: +SKIP
    """

    model_config = ConfigDict(frozen=True)

    dataset: str
    command: str
    seeds: list[int | str]
    metric: Annotated[MetricName, AfterValidator(str.lower)]
    versions: dict[str, str] = {}
    hardware: str = ""
    tuning: Tuning | None = None
    own_metrics: dict[str, MetricTraits] = {}
    rows: list[Row]
    folder: Path = Field(exclude=True)
    users: SkipValidation[dict[str, Any]] = Field(default_factory=dict, exclude=True)

    @classmethod
    def load(cls, folder: str | Path) -> ComparisonResult:
        """Read the comparison that lies in a folder; its runs are read when they are asked for.

        Raises:
            CheckpointError: comparison.json is not there, or is no comparison.
        """
        path = Path(folder) / "comparison.json"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CheckpointError(
                f"cannot read {path}: {error.strerror}; give the folder of a finished comparison."
            ) from error
        with refusing(str(path), "is no comparison", _ANEW):
            return cls.model_validate(from_json(content) | {"folder": Path(folder), "users": {}})

    @property
    def bigger(self) -> bool:
        """Whether more of the metric is better."""
        with as_told_by(self.own_metrics):
            return bigger_is_better(self.metric)

    @property
    def failed(self) -> list[Row]:
        """The rows of which a run failed."""
        return [row for row in self.rows if row.error is not None]

    @property
    def done(self) -> list[Row]:
        """The rows that have the metric on the test part, best there first."""
        scored = [row for row in self.rows if self.metric in row.test]
        return sorted(scored, key=lambda row: row.test[self.metric].mean, reverse=self.bigger)

    @property
    def incomplete(self) -> list[Row]:
        """The rows of which a run failed, or that have no test value of the metric."""
        return [r for r in self.rows if r.error is not None or self.metric not in r.test]

    @property
    def best(self) -> Row | None:
        """The row that is best on validation, of equals the first; None if every run failed."""
        return self._best(self.rows)

    @property
    def opal(self) -> Row | None:
        """OPAL's best row on validation, None without one."""
        return self._best([row for row in self.rows if row.model == "OPAL"])

    @property
    def k(self) -> int:
        """The length of the lists of the metric; where it has none, the largest measured, or 0."""
        measured = (name for row in self.rows for name in row.test)
        return longest_cut_off(self.metric, measured) or 0

    def by_validation(self, row: Row) -> float:
        """Return how good a row is on validation, for choices that must not look at the test.

        Larger is better whatever the metric; a row without a value is worse than any other.
        """
        value = row.valid.get(self.metric)
        return (1 if self.bigger else -1) * value.mean if value else -math.inf

    def run_folders(self, row: Row) -> dict[str, Path]:
        """Return the run folder of each seed of a row."""
        return {seed: self.folder / run for seed, run in row.runs.items()}

    def open_run(self, path: Path) -> RunReader:
        """Open a run folder of `run_folders`, to read its lists, curves, categories or weights.

        Raises:
            CheckpointError: it is not there, is damaged, or has been continued with other settings
                since the table was made, so that its files are not those behind the table.
        """
        return open_run(path, self._planned)

    def user_values(self, row: Row) -> UserValues:
        """Return the test metrics of each user of a row, read from its runs at the first call.

        Raises:
            CheckpointError: see `open_run`; or a file is damaged.
        """
        found: UserValues | None = self.users.get(row.label)
        if found is None:
            paths = self.run_folders(row).values() if row.measured else ()
            found = load_user_values([self.open_run(path) for path in paths], row.stage)
            self.users[row.label] = found
        return found

    @property
    def unreadable(self) -> list[str]:
        """Which run folders cannot be read, a line each."""
        lines: dict[str, None] = {}
        for path in (path for row in self.rows for path in self.run_folders(row).values()):
            try:
                self.open_run(path)
            except CheckpointError as error:
                lines[str(error)] = None
        return list(lines)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the table must know of its rows, a line each."""
        lines = [f"{row.label}: {row.error}" for row in self.failed]
        users: dict[str, set[str]] = {}
        for row in self.rows:
            try:
                users[row.label] = set(self.user_values(row).users)
            except CheckpointError as error:
                lines.append(f"{row.label}: {error}")
        best = self.best.label if self.best else ""
        for label, known in users.items():
            if known and known != users.get(best, known):
                lines.append(
                    f"{label}: tested on other users than {best}; differences are over the users "
                    "of both"
                )
        for row in self.rows:
            if row.diagnostics and row.diagnostics.collapsed:
                why = collapse_warning(row.diagnostics.model_dump())
                why = why or "the interests collapsed in one of the seeds."
                lines.append(f"{row.label}: {why}")
        return lines

    @property
    def tuned(self) -> list[str]:
        """The budget of tuning and what it found, a line each; empty without tuning."""
        if self.tuning is None:
            return []
        tuning = self.tuning
        bounds = [f"{tuning.seconds:g} s"] if tuning.seconds else []
        bounds += [f"{tuning.steps} steps a stage"] if tuning.steps else []
        bound = f", each trained for at most {' and '.join(bounds)}" if bounds else ""
        lines = [f"At most {tuning.trials} settings a row, on validation only{bound}."]
        for label, found in tuning.found.items():
            space = tuning.search.get(label)
            if not space:
                lines.append(f"{label}: has no search space and keeps its defaults")
                continue
            tried = f"{tuning.tried.get(label, 0)} tried of {', '.join(space)}"
            lines.append(f"{label}: {tried}; found {as_options(found)}")
        return lines

    def tables(self, *, briefly: bool = False) -> list[TextTable]:
        """Return the tables as texts; `briefly` those of one list length, for a screen."""
        asked = (self.rows, self.metric, self.best, self.opal, self.k)
        with as_told_by(self.own_metrics):
            return tables_of(*asked, briefly=briefly)

    def to_frame(self) -> DataFrame:
        """Return a pandas data frame of all numbers, a line a row, as comparison.csv has them."""
        from pandas import DataFrame  # only here: nobody else needs it

        return DataFrame([row.flat() for row in self.rows])

    def __repr__(self) -> str:
        """Return one line: how many rows, the best, and what is wrong."""
        best = self.best
        parts = [f"{len(self.rows)} rows on {self.dataset}"]
        if best is not None:
            value = best.test.get(self.metric)
            shown = f", {self.metric} {value.mean:.4f} on test" if value else ""
            parts.append(f"best on validation: {best.label}{shown}")
        if self.failed:
            parts.append(f"failed: {', '.join(row.label for row in self.failed)}")
        if self.unreadable:
            parts.append(f"{len(self.unreadable)} run folders cannot be read")
        return f"ComparisonResult({'; '.join(parts)}; {self.folder})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return the tables of a screen as HTML, for a notebook."""
        return f"<p>{escape(repr(self))}</p>" + "".join(
            table.as_html() for table in self.tables(briefly=True)
        )

    def _best(self, rows: Sequence[Row]) -> Row | None:
        valid = [row for row in rows if self.metric in row.valid]
        return max(valid, key=self.by_validation, default=None)

    @cached_property
    def _planned(self) -> frozenset[str]:
        """The digests of the runs' settings, none where plan.yaml does not tell them."""
        path = self.folder / "plan.yaml"
        try:
            runs = decode_yaml(regular_bytes(path, _MAX_PLAN_BYTES), str(path)).get("runs")
        except CheckpointError:
            return frozenset()
        return frozenset(map(str, runs.values())) if isinstance(runs, dict) else frozenset()
