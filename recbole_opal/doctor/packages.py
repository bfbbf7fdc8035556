"""The packages that pyproject.toml asks for, and what is installed of them; none is imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

__all__ = ["Package", "extras", "installed_version", "packages"]

_OURS = "recbole-opal"
# No requirement where RecBole's pin of ray cannot be met, but needed there too.
_HOST = "recbole==1.2.1"
_NOT_FOR_USERS = ("dev", "test")
# What is asked about in a checkout that was never installed, and so says no requirements.
_CORE = ("duckdb", "faiss-cpu", "numpy", "pandas", "pydantic", "rich", "scipy", "torch")


@dataclass(frozen=True)
class Package:
    """A requirement and what is there of it.

    Attributes:
        name: of the distribution.
        needed: the versions that will do, as in `>=2.6`; empty: any.
        version: the installed one; None: not installed.
        fits: whether the installed one is among those needed.
    """

    name: str
    needed: str
    version: str | None
    fits: bool

    @property
    def problem(self) -> str:
        """What is wrong with it, or an empty text."""
        if self.version is None:
            return "missing"
        return "" if self.fits else f"needs {self.needed}"


def packages() -> list[Package]:
    """Return what the package itself needs, in the order of the names."""
    return _found([*_requirements(""), Requirement(_HOST)])


def extras() -> dict[str, list[Package]]:
    """Return what each extra for users needs, by the extra's name."""
    named = {_extra_of(requirement) for requirement in _all()} - {"", *_NOT_FOR_USERS}
    return {name: _found(_requirements(name)) for name in sorted(named)}


def installed_version(name: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _all() -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(_OURS) or []]
    except PackageNotFoundError:
        return [Requirement(name) for name in _CORE]


def _extra_of(requirement: Requirement) -> str:
    """Return the extra that a requirement stands in, or an empty text."""
    _, found, rest = str(requirement.marker or "").partition('extra == "')
    return rest.partition('"')[0] if found else ""


def _requirements(extra: str) -> Iterable[Requirement]:
    """Yield what an extra needs with this Python and system; for an empty text, the package."""
    for requirement in _all():
        here = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if here and _extra_of(requirement) == extra and requirement.name != _OURS:
            yield requirement


def _found(requirements: Iterable[Requirement]) -> list[Package]:
    found = {}
    for requirement in requirements:
        there = installed_version(requirement.name)
        fits = there is not None and requirement.specifier.contains(there, prereleases=True)
        needed = str(requirement.specifier)
        found[requirement.name] = Package(requirement.name, needed, there, fits)
    return sorted(found.values(), key=lambda each: each.name)
