"""The settings of VQCodebook."""

from typing import Literal

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import WeighingSettings, setting, weight

__all__ = ["VQCodebookSettings"]


class VQCodebookSettings(WeighingSettings):
    """VQCodebook (decided here, after VQ-VAE, van den Oord et al., NeurIPS 2017; arXiv 1711.00937).

    A codebook shared by all users: the codes that hold most of a history are its interests.
    """

    num_interests: int = setting(
        4, "number K of codes a user; as many as the history meets, if these are fewer [D]",
        ge=1, le=64,
    )  # fmt: skip
    num_codes: int = setting(
        256, "number C of codes that all users share; far fewer than items [D]", ge=1, le=65536
    )
    pooling: Literal["items", "codes"] = setting(
        "items",
        "what an interest is: items = the mean of its items; codes = the code itself, its gradient "
        "straight through to them [D]",
    )
    codebook_update: Literal["moving_mean", "gradient"] = setting(
        "moving_mean", "how codes are learned [P]"
    )
    codebook_decay: Finite = setting(0.99, "of the moving means, a step [P]", ge=0, lt=1)
    least_usage: Finite = setting(
        0.1,
        "a code is put where a drawn item is, once it has at most this part of the even usage [D]",
        ge=0,
        lt=1,
    )
    interest_prior: Finite = setting(
        0.0, "weight of log(share of the interest in the history) in its score [D]", ge=0, le=10
    )
    commitment_weight: Finite = weight(
        0.25, "beta, of the squared distance of items to their codes, which moves the items [P]"
    )
