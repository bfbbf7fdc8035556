import pytest
import torch
from recbole.data.interaction import Interaction
from recbole.model import general_recommender

from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.mended import ItemKNN
from recbole_opal.host.prepare import prepare_data


@pytest.fixture
def built(data_path, tmp_path, monkeypatch):
    """Return a function that builds the mended model and RecBole's from the same data."""
    monkeypatch.chdir(tmp_path)

    def build(**settings):
        fixed = {"data_path": str(data_path), "use_gpu": False, "checkpoint_dir": str(tmp_path)}
        config = OpalConfig("ItemKNN", "tiny", fixed | settings)
        dataset = prepare_data(config, future_items=False).dataset
        return ItemKNN(config, dataset), general_recommender.ItemKNN(config, dataset)

    return build


def test_the_lookup_gives_the_mended_class():
    assert find_model_class("itemknn") is ItemKNN


@pytest.mark.parametrize("method", ["item", "user"])
@pytest.mark.parametrize("k", [3, 100])
def test_scores_are_those_of_recbole(built, method, k):
    ours, upstream = built(knn_method=method, k=k, shrink=2.0)
    everyone = Interaction({"user_id": torch.arange(ours.n_users)})
    expected = upstream.full_sort_predict(everyone).view(ours.n_users, ours.n_items)
    assert torch.allclose(ours.full_sort_predict(everyone), expected, atol=1e-6)
    assert expected.abs().sum() > 0
    pairs = Interaction({"user_id": torch.tensor([1, 2, 2]), "item_id": torch.tensor([3, 3, 4])})
    assert torch.allclose(ours.predict(pairs).double(), upstream.predict(pairs).double(), atol=1e-6)


def test_order_and_size_of_a_batch_change_nothing(built):
    ours, _ = built()
    together = ours.full_sort_predict(Interaction({"user_id": torch.tensor([5, 1, 9])}))
    alone = ours.full_sort_predict(Interaction({"user_id": torch.tensor([9])}))
    assert torch.equal(together[2:], alone)
