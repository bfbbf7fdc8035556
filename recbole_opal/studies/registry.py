"""The studies there are, by their names."""

from __future__ import annotations

from recbole_opal.studies.cold_start import ColdStart
from recbole_opal.studies.disentanglers import Disentanglers
from recbole_opal.studies.future_items import FutureItems
from recbole_opal.studies.losses import Losses
from recbole_opal.studies.number_of_interests import NumberOfInterests
from recbole_opal.studies.sensitivity import Sensitivity
from recbole_opal.studies.stages import Stages
from recbole_opal.studies.study import Study
from recbole_opal.studies.when_interests_pay import WhenInterestsPay

__all__ = ["STUDIES"]

_ALL: tuple[Study, ...] = (
    Losses(),
    Stages(),
    FutureItems(),
    Sensitivity(),
    Disentanglers(),
    WhenInterestsPay(),
    NumberOfInterests(),
    ColdStart(),
)

STUDIES: dict[str, Study] = {study.name: study for study in _ALL}
