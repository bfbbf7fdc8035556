"""What the layouts of all data sets share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from recbole_opal.conversion.layouts.files import Files, holds_columns
from recbole_opal.conversion.layouts.options import check_options, switch
from recbole_opal.conversion.layouts.positives import Positive, choose, meanings
from recbole_opal.conversion.source import Source
from recbole_opal.errors import DataError

__all__ = ["OfficialLayout"]


class OfficialLayout(ABC):
    """The official files of one data set: detection, and the frame of reading.

    Attributes:
        name: of the data set.
        licence: of its publisher, one line.
        citation: what to cite.
        rules: name of a rule of positives -> what it means; the first is the default.
        options: name of a flag of its own -> what it means.
        looks_for: file names and columns by which it is detected, for the user.
    """

    name: str
    licence: str
    citation: str
    rules: Mapping[str, str]
    options: Mapping[str, str]
    looks_for: str

    def __init__(self, positives: Mapping[str, Positive]) -> None:
        self._positives = positives
        self.rules = meanings(positives)

    @property
    @abstractmethod
    def log_names(self) -> str:
        """A regular expression for the names of the logs."""

    @property
    @abstractmethod
    def log_columns(self) -> tuple[str, ...]:
        """Columns by which a log is told from another file of its name."""

    def detect(self, source: Path) -> bool:
        """Tell by file names and headers whether `source` holds this data set.

        Raises:
            DataError: there is nothing at `source`.
        """
        return any(self.is_log(path) for path in Files.of(source).logs(self.log_names))

    def near_misses(self, source: Path) -> list[Path]:
        """Return files that have a log's name, but not its columns."""
        return [path for path in Files.of(source).logs(self.log_names) if not self.is_log(path)]

    def is_log(self, path: Path) -> bool:
        """Tell by the header whether a file with a log's name is one."""
        return holds_columns(path, self.log_columns)

    def tables(self, source: Path, rule: str, options: Mapping[str, str]) -> Source:
        """Return the log of the positives, and the items.

        Args:
            source: the folder, or one log.
            rule: a key of `rules`.
            options: some of `options`, as typed.

        Raises:
            DataError: a file is missing or malformed.
            SettingsError: the rule or an option is unknown or malformed.
        """
        check_options(options, self.options, self.name)
        positive, threshold = choose(self._positives, rule, options, self.name)
        files = Files.of(source)
        if not files.logs(self.log_names):
            raise self.missing(files, f"its log ({self.looks_for})")
        return self.read(files, positive, threshold, options)

    @abstractmethod
    def read(
        self, files: Files, positive: Positive, threshold: float, options: Mapping[str, str]
    ) -> Source:
        """Return the log of the positives, and the items; all arguments are checked."""

    def missing(self, files: Files, what: str) -> DataError:
        """Word that a file which belongs to the data set is not there."""
        return DataError(
            f"{files.source} is not all of {self.name}: {what} is missing; unpack it there, or "
            "name one log file to convert that alone."
        )

    def item_table(
        self, files: Files, pattern: str, log: Path, what: str, options: Mapping[str, str]
    ) -> Path | None:
        """Return the item table's path, None with `--items=False`.

        Raises:
            DataError: it is missing.
        """
        if not switch(options, "items", default=True):
            return None
        path = files.table(pattern, log)
        if path is None:
            raise DataError(
                f"{files.source}: there is no {what}, which holds {self.name}'s item categories; "
                "put it beside the log, or write --items=False to do without."
            )
        return path
