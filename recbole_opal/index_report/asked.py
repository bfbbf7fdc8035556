"""What the command `index` is asked to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.index_report.settings_swept import SWEPT_KINDS

__all__ = ["Asked"]


@dataclass(frozen=True)
class Asked:
    """What is to be measured; see the flags of the command."""

    folder: Path
    kinds: Sequence[str] = SWEPT_KINDS
    k: int = 50
    users: int = 1000
    batch: int = 256
    threads: int = 1
    stage: str = "best"
    histories: Path | None = None
    out: Path | None = None
