"""The settings of Re4."""

from typing import Literal

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LEAST, WeighingSettings, setting

__all__ = ["Re4Settings"]

_FLOWS = "Backward flows, each averaged over interests and rows"
_QUARTER = "0 = off; the authors' 0.1 is of a mean over all places, a quarter of which count"


class Re4Settings(WeighingSettings):
    """Re4 (Zhang et al., WWW 2022; arXiv 2208.08011).

    Learning to Re-contrast, Re-attend, Re-construct for Multi-interest Recommendation. The three
    backward flows belong to the model: on in both recipes.
    """

    num_interests: int = setting(4, "number K of interests a user [D]", ge=1, le=64)
    attention_size: int = setting(256, "hidden width of the attention [A]", ge=1, le=65536)
    interest_output: Literal["none", "tanh"] = setting(
        "none", "what is compared with items, z_k or tanh(W z_k + b) as in the authors' code [P]"
    )
    reattend_weight: Finite = setting(
        0.001, "of the cross-entropy between scores and attention; 0 = off [A]", under=_FLOWS, ge=0
    )
    recontrast_weight: Finite = setting(
        0.025,
        f"of the contrast of an interest with its representative items; {_QUARTER} [D]",
        under=_FLOWS,
        ge=0,
    )
    recontrast_temperature: Finite = setting(
        0.02, "divides the cosines of that contrast [A]", under=_FLOWS, ge=LEAST, le=10
    )
    reconstruct_weight: Finite = setting(
        0.025,
        f"of the squared error of the items decoded from an interest; {_QUARTER} [D]",
        under=_FLOWS,
        ge=0,
    )
