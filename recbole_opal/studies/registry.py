"""The studies there are, by their names."""

from __future__ import annotations

from recbole_opal.studies.losses import Losses
from recbole_opal.studies.study import Study

__all__ = ["STUDIES"]

STUDIES: dict[str, Study] = {study.name: study for study in (Losses(),)}
