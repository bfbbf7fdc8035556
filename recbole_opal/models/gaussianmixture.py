"""GaussianMixture: each user's own clusters of what they met.

As retrieval does it with fixed vectors: PinnerSage (Aditya Pal et al., KDD 2020, arXiv:2007.03634)
by Ward's clusters, kNN-Embed (Ahmed El-Kishky et al., arXiv:2205.06205) by the shares of clusters.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.mixture import (
    MixedHistories,
    MixtureSettings,
    fit_mixtures,
    one_mean,
)
from recbole_opal.models.base import Catalogue
from recbole_opal.models.recipes import search_with
from recbole_opal.models.shares import OwnClusters
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LEAST, WeighingSettings, setting

__all__ = ["GaussianMixtureNetwork", "GaussianMixtureSettings"]


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


class GaussianMixtureNetwork(OwnClusters):
    """Interests as the means of a mixture over one user's items; nothing is learned but items.

    It is the other way to find interests: OPAL's categories are shared by all users, these clusters
    belong to one. PinnerSage takes the medoids of Ward's clusters of vectors that were trained
    before, and a number of them that the history decides; kNN-Embed takes clusters shared by
    all users and gives each a part of the list by its share: here `interest_prior`.
    """

    Settings = GaussianMixtureSettings
    weighs_items = True
    trains_in_parts = True
    search = search_with(variance={"low": 0.03, "high": 1.0, "log": True})

    def __init__(self, settings: GaussianMixtureSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.mixture = MixtureSettings(
            settings.num_interests,
            settings.variance,
            settings.iterations,
            min(settings.unrolled_iterations, settings.iterations),
            settings.start == "farthest",
            self.unit_vectors,
        )

    def encode(self, history: History) -> MixedHistories:
        """Return the mixtures, of one cluster where training is to know no more."""
        single = self.training and self.settings.clusters == "serving"
        if single or self.mixture.clusters == 1:
            return one_mean(history, self.unit_vectors)
        return fit_mixtures(history, self.mixture)

    def queries(self, encoded: MixedHistories) -> Tensor:
        """Return the means, with their prior as one more dimension where it is asked for."""
        return self.with_prior(encoded.interests, encoded.shares)
