"""What is known not to go together, why, and what helps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import distributions

from packaging.version import InvalidVersion, Version

__all__ = ["KNOWN_PAIRS", "Installation", "KnownPair", "met_here"]


@dataclass(frozen=True)
class Installation:
    """What a pair is looked for in.

    Attributes:
        versions: of the installed distributions, by name in lower case with `-`.
        python: its version, as (3, 11).
        system: `sys.platform`: linux, darwin, win32.
    """

    versions: Mapping[str, Version]
    python: tuple[int, int] = field(default_factory=lambda: sys.version_info[:2])
    system: str = sys.platform

    def has(self, name: str, from_: str = "0.dev0", before: str = "99999") -> bool:
        """Tell whether a distribution is installed in a version of [from_, before)."""
        found = self.versions.get(name)
        return found is not None and Version(from_) <= found < Version(before)


@dataclass(frozen=True)
class KnownPair:
    """Two things that do not go together.

    Attributes:
        told: which two.
        reason: what goes wrong.
        fix: what helps; a command stands in backquotes.
        is_met: tells whether an installation has both.
        harms: whether this package suffers from it; else only RecBole's own commands do, or speed.
    """

    told: str
    reason: str
    fix: str
    is_met: Callable[[Installation], bool]
    harms: bool = True


KNOWN_PAIRS = [
    KnownPair(
        "RecBole 1.2.1 with pandas 3",
        "item features are read wrongly, some without a word",
        '`pip install "pandas>=2.2,<3"`',
        lambda here: here.has("pandas", "3"),
    ),
    KnownPair(
        "RecBole in another version than 1.2.1",
        "small methods of it are overridden, which others do not have",
        "`pip install --no-deps recbole==1.2.1`",
        lambda here: here.has("recbole") and not here.has("recbole", "1.2.1", "1.2.2"),
    ),
    KnownPair(
        "torch before 2.6",
        "it unpickles by default, and what is loaded here is asked for without pickle",
        '`pip install "torch>=2.6"`',
        lambda here: here.has("torch", before="2.6.dev0"),
    ),
    KnownPair(
        "Windows with numpy 1",
        "its integers have 32 bits there, too few for pairs of users and items",
        '`pip install "numpy>=2"`',
        lambda here: here.system == "win32" and here.has("numpy", before="2"),
    ),
    KnownPair(
        "faiss-cpu beside faiss-gpu",
        "both are the module faiss; whichever came last has half of its files replaced",
        "`pip uninstall faiss-gpu faiss-cpu`, then `pip install faiss-cpu`",
        lambda here: (
            here.has("faiss-cpu") and any(name.startswith("faiss-gpu") for name in here.versions)
        ),
    ),
    KnownPair(
        "fbgemm-gpu-cpu 1.8 with another torch than 2.13",
        "its kernels are built for torch 2.13 (`--item_table=row_wise`)",
        "`pip install torch==2.13.0`",
        lambda here: (
            here.has("fbgemm-gpu-cpu", "1.8", "1.9") and not here.has("torch", "2.13", "2.14.dev0")
        ),
    ),
    KnownPair(
        "ray 2.6.3 with numpy 2",
        "RecBole's own run_recbole cannot be imported; nothing here needs ray",
        "for run_recbole: `pip install numpy==1.26.4`",
        lambda here: here.has("ray", before="2.7") and here.has("numpy", "2"),
        harms=False,
    ),
    KnownPair(
        "ray 2.6.3 with setuptools 81 and later",
        "run_recbole asks for pkg_resources, which is gone; nothing here needs it",
        'for run_recbole: `pip install "setuptools<81"`',
        lambda here: here.has("ray", before="2.7") and here.has("setuptools", "81"),
        harms=False,
    ),
    KnownPair(
        "RecBole 1.2.1 with scipy 1.13 and later",
        "its graph models fail under run_recbole; run by this package they are mended",
        "for run_recbole: `pip install scipy==1.12.0`, on Python 3.11 and before",
        lambda here: here.python < (3, 12) and here.has("ray") and here.has("scipy", "1.13"),
        harms=False,
    ),
    KnownPair(
        "macOS with torch and faiss-cpu",
        "each brings an OpenMP of its own; with several threads a search may hang or crash",
        "where it does: `OMP_NUM_THREADS=1`, or `--retrieval=torch`, the default",
        lambda here: here.system == "darwin" and here.has("faiss-cpu"),
        harms=False,
    ),
]
"""Looked for in this order."""


def met_here() -> list[KnownPair]:
    """Return the known pairs that are met in this environment."""
    versions: dict[str, Version] = {}
    for each in distributions():
        with suppress(InvalidVersion, KeyError, TypeError):  # what some folders call a package
            name = each.metadata["Name"].lower().replace("_", "-")
            versions.setdefault(name, Version(each.version))  # the first on the path is imported
    here = Installation(versions)
    return [pair for pair in KNOWN_PAIRS if pair.is_met(here)]
