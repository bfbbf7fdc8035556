"""GaussianMixture: each user's own clusters of what they met.

As retrieval does it with fixed vectors: PinnerSage (Aditya Pal et al., KDD 2020, arXiv:2007.03634)
by Ward's clusters, kNN-Embed (Ahmed El-Kishky et al., arXiv:2205.06205) by the shares of clusters.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.mixture import (
    MixedHistories,
    MixtureSettings,
    fit_mixtures,
    one_mean,
)
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import search_with
from recbole_opal.models.shares import OwnClusters
from recbole_opal.settings.models.gaussianmixture import GaussianMixtureSettings

__all__ = ["GaussianMixtureNetwork", "GaussianMixtureSettings"]


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
