"""What a study is: the rows it compares, and how their numbers become pictures and sentences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from recbole_opal.settings.fields import Section
from recbole_opal.side_by_side.variants import Variant

if TYPE_CHECKING:
    from recbole_opal.comparison.text_tables import TextTable
    from recbole_opal.studies.outcome import Outcome

__all__ = ["Figure", "Part", "Study", "StudyOptions"]


class StudyOptions(Section):
    """The flags that a study has of its own; derive from it, a field a flag."""


@dataclass(frozen=True)
class Part:
    """One comparison of a study.

    Attributes:
        variants: its rows, as `compare` takes them.
        name: by which the study finds it in the outcome; the first is the main one.
        seeds: in place of those asked for; empty: those.
    """

    variants: Sequence[Variant]
    name: str = "main"
    seeds: Sequence[int] = ()


@dataclass(frozen=True)
class Figure:
    """A picture with what stands below it.

    Attributes:
        name: the last part of its file's name.
        svg: the whole file, see `pictures.standalone`.
        caption: what is drawn, with the meaning of bars and marks.
    """

    name: str
    svg: str
    caption: str

    @property
    def alternative(self) -> str:
        """What is told in its place where it is not shown."""
        return self.caption.partition(".")[0].partition(";")[0]


class Study(ABC):
    """One question; all that is said about it is computed from the comparisons.

    Attributes:
        name: as the command has it.
        title: of the page.
        question: in plain words.
        asked_by: whose question it is.
        varied: setting to the study's flag that chooses its values: nobody may give it to all rows.
        defaults: settings of all rows where neither a flag nor a file gives them.
        Options: the study's own flags; their names are those of no setting.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    asked_by: ClassVar[str]
    varied: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Mapping[str, Any]] = {}
    Options: ClassVar[type[StudyOptions]] = StudyOptions

    @abstractmethod
    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """Return the comparisons to make, the main one first.

        Args:
            options: an instance of `Options`.
            seeds: those given for all rows, empty for the one of the setting `seed`.
            settings: what was given for all rows, by flags and files.

        Raises:
            SettingsError: the options cannot be together.
        """

    @abstractmethod
    def readings(self, outcome: Outcome) -> list[str]:
        """Return the answer in sentences that follow from the numbers and their intervals."""

    @abstractmethod
    def figures(self, outcome: Outcome) -> list[Figure]:
        """Return the pictures, the most telling one first; none where nothing was measured."""

    @abstractmethod
    def tables(self, outcome: Outcome) -> list[TextTable]:
        """Return the numbers behind them; see `tables.values_table`, `tables.difference_table`."""
