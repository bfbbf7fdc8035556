"""GaussianMixture keeps the contract, and finds the clusters of one user."""

from recbole_opal.testing import ModelContract, RoutingContract


class TestGaussianMixture(RoutingContract):
    model = "GaussianMixture"


class TestGaussianMixtureAtServing(ModelContract):
    model = "GaussianMixture"
    settings = {"clusters": "serving"}


class TestGaussianMixtureFromTheNewest(RoutingContract):
    model = "GaussianMixture"
    settings = {"start": "newest", "interest_prior": 0.5, "unrolled_iterations": 9}
