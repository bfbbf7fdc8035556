"""The contract finds what is wrong with a model, and holds for a class of one's own."""

from dataclasses import replace

import pytest
import torch

from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.cmi import CMINetwork
from recbole_opal.models.youtubednn import YouTubeDNNNetwork
from recbole_opal.testing import ContractCase, ModelContract, RoutingContract
from recbole_opal.testing.other_device import TwoDevicesError


class NewestItems(MultiInterestNetwork):
    """A user's one interest is the newest item: a class that is registered nowhere."""

    def encode(self, history):
        places = torch.arange(len(history.rows), device=history.rows.device)
        last = places.new_zeros(history.num_rows).scatter_reduce(0, history.rows, places, "amax")
        return history.vectors[last].unsqueeze(1)


class TestNewestItems(ModelContract):
    model = NewestItems


class CentredOnTheBatch(YouTubeDNNNetwork):
    def encode(self, history):
        mean = super().encode(history)
        return mean - 0.1 * mean.mean(dim=0)


class Random(YouTubeDNNNetwork):
    def encode(self, history):
        return super().encode(history) + 0.1 * torch.randn(history.num_rows, 1, self.hidden_size)


class Deaf(YouTubeDNNNetwork):
    def encode(self, history):
        return torch.ones(history.num_rows, 1, self.hidden_size)


class SpreadOfTheHistory(YouTubeDNNNetwork):
    def encode(self, history):
        padded, mask = history.padded()
        return torch.stack([row[own].std(dim=0) for row, own in zip(padded, mask, strict=True)])[
            :, None
        ]


class WidthOfTheBatch(YouTubeDNNNetwork):
    def encode(self, history):
        padded, _ = history.padded()
        return super().encode(history) + 0.1 * padded.shape[1]


class Detached(YouTubeDNNNetwork):
    def retrieval(self, step):
        return super().retrieval(step).detach() + 0 * step.queries.sum()


class Infinite(YouTubeDNNNetwork):
    def auxiliary_losses(self, step):
        return {"infinite": step.queries.sum() / 0}


class ReadsThePaddingItem(YouTubeDNNNetwork):
    def queries(self, encoded):
        return encoded + self.items.embedding.weight[0]


class ForgetsAfterLoading(YouTubeDNNNetwork):
    def __init__(self, settings, catalogue):
        super().__init__(settings, catalogue)
        self.hidden = torch.randn(self.hidden_size)  # not a buffer

    def encode(self, history):
        return super().encode(history) * self.hidden


class ForgetsTheWeights(YouTubeDNNNetwork):
    def encode(self, history):
        return super().encode(replace(history, log_weights=None))


class LeftOnTheProcessor(YouTubeDNNNetwork):
    def encode(self, history):
        return super().encode(history) * torch.linspace(1, 2, self.hidden_size)


class Unequal(YouTubeDNNNetwork):
    def item_table(self):
        return super().item_table() + 1


FAULTS = [
    (CentredOnTheBatch, "test_neighbours_in_the_batch_change_nothing"),
    (Random, "test_serving_is_deterministic"),
    (Deaf, "test_the_history_matters"),
    (SpreadOfTheHistory, "test_one_item_is_history_enough"),
    (SpreadOfTheHistory, "test_shapes"),
    (WidthOfTheBatch, "test_neighbours_in_the_batch_change_nothing"),
    (Detached, "test_a_tiny_set_is_learnt_by_heart"),
    (Infinite, "test_some_training_steps"),
    (ReadsThePaddingItem, "test_the_padding_item_is_never_read"),
    (ForgetsTheWeights, "test_recency_tells_the_items_apart"),
    (Unequal, "test_recbole_s_scores_are_the_same"),
]


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(model_class):
        return ContractCase.build(
            model_class, tmp_path, recipe="default", stage="train", settings={}
        )

    return make


@pytest.mark.filterwarnings("ignore:std")
@pytest.mark.parametrize(("fault", "check"), FAULTS, ids=str)
def test_faults_are_found(build, fault, check):
    with pytest.raises(AssertionError):
        getattr(ModelContract(), check)(build(fault))


def test_what_is_left_on_the_processor_is_found(build):
    with pytest.raises(TwoDevicesError, match=r"shape \(8,\)"):
        ModelContract().test_another_device_gives_the_same(build(LeftOnTheProcessor))


def test_what_is_not_saved_is_found(build, tmp_path):
    with pytest.raises(AssertionError):
        ModelContract().test_a_saved_model_gives_the_same_lists(
            build(ForgetsAfterLoading), tmp_path
        )


def test_shares_that_do_not_sum_to_one_are_found(build, monkeypatch):
    class OverPositions(RoutingContract):
        def item_shares(self, case, monkeypatch):
            return super().item_shares(case, monkeypatch) / 2

    with pytest.raises(AssertionError):
        OverPositions().test_each_item_shares_itself_out_among_the_interests(
            build(CMINetwork), monkeypatch
        )


class SteepAtZero(YouTubeDNNNetwork):
    def auxiliary_losses(self, step):
        return {"steep": step.target_vectors.abs().pow(0.5).sum()}


class SteepAtPadding(YouTubeDNNNetwork):
    def auxiliary_losses(self, step):
        fits = (step.queries @ step.target_vectors.transpose(1, 2)).abs().sqrt()[:, 0]
        return {"steep": (fits * (step.target_ids > 0)).sum()}


class RoundsItsLogits(YouTubeDNNNetwork):
    def auxiliary_losses(self, step):
        return {"rounded": (step.queries @ step.queries.transpose(1, 2)).sum()}


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (SteepAtPadding, "test_gradients_are_finite_at_the_edges_of_the_settings"),
        (SteepAtZero, "test_gradients_are_finite_where_all_vectors_are_zero"),
        (RoundsItsLogits, "test_mixed_precision_changes_the_loss_little"),
    ],
    ids=str,
)
def test_what_breaks_at_an_edge_is_found(build, fault, check):
    with pytest.raises(AssertionError):
        getattr(ModelContract(), check)(build(fault))
