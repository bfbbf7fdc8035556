"""The settings of GaussianMixture."""

from typing import Literal

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LEAST, WeighingSettings, setting

__all__ = ["GaussianMixtureSettings"]


class GaussianMixtureSettings(WeighingSettings):
    """GaussianMixture (decided here, after PinnerSage and kNN-Embed, arXiv 2205.06205).

    A Gaussian mixture over each user's own history by a few steps of EM: its means are the
    interests.
    """

    num_interests: int = setting(
        4, "number K of clusters a user; as many as different items, if these are fewer [D]",
        ge=1, le=64,
    )  # fmt: skip
    clusters: Literal["training", "serving"] = setting(
        "training",
        "serving = train one mean, as YouTubeDNN does, and cluster where lists are made only [D]",
    )
    variance: Finite = setting(
        0.1, "sigma^2 of a cluster; of unit vectors 1 / concentration [D]", ge=LEAST, le=1e6
    )
    iterations: int = setting(3, "steps of EM for each history [D]", ge=1, le=100)
    unrolled_iterations: int = setting(
        1, "how many of the last ones gradients pass; more than there are = all [D]", ge=1, le=100
    )
    start: Literal["farthest", "newest"] = setting(
        "farthest", "which different items EM starts from: far apart, or the newest [D]"
    )
    interest_prior: Finite = setting(
        0.0, "weight of log(share of the interest in the history) in its score [D]", ge=0, le=10
    )
