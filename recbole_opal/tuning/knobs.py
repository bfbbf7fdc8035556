"""What a search may choose for one setting: a range of numbers or a list of values."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

__all__ = ["Choices", "Knob", "Range"]


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included; integers only if both bounds are.

    With `log`, the logarithm is spread evenly: 0.001 to 0.01 counts as much as 0.01 to 0.1.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """True if only integers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def holds(self, value: Any) -> bool:
        """Tell whether a value lies in the range."""
        return self.low <= value <= self.high and (not self.whole or isinstance(value, int))

    def values(self) -> Sequence[Any] | None:
        """Return all values, or None where they cannot be counted."""
        return range(int(self.low), int(self.high) + 1) if self.whole else None

    def as_plain(self) -> dict[str, Any]:
        """Return what stands in the yaml file."""
        return asdict(self)


@dataclass(frozen=True)
class Choices:
    """The values that are listed, of any type that yaml knows."""

    choices: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Tell whether a value is listed."""
        return value in self.choices

    def values(self) -> Sequence[Any]:
        """Return all values."""
        return self.choices

    def as_plain(self) -> dict[str, Any]:
        """Return what stands in the yaml file."""
        return {"choices": list(self.choices)}


Knob: TypeAlias = Range | Choices
