"""All measures of the lists together."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from recbole_opal.data.categories import ItemCategories
from recbole_opal.evaluation.lists import RankedLists
from recbole_opal.evaluation.measures import ListMeasures

TRAINING = {"user_id": torch.tensor([1, 1, 2]), "item_id": torch.tensor([1, 2, 2])}
DATASET = SimpleNamespace(item_num=5, uid_field="user_id", iid_field="item_id", inter_feat=TRAINING)
LISTS = RankedLists(
    users=np.array([1, 2]),
    items=np.array([[1, 2], [3, 0]], dtype=np.int32),
    hits=np.zeros((2, 2), dtype=bool),
    interests=None,
)


def test_means_are_over_users_with_a_value():
    categories = ItemCategories(np.array([1, 2]), np.array([1, 2]), ["[PAD]", "a", "b"])
    measures = ListMeasures(DATASET, categories, [2])
    per_user = measures.of_each_user(LISTS)
    assert set(per_user) == {"category_diversity@2", "intra_list_similarity@2"}
    assert np.isnan(per_user["category_diversity@2"]).tolist() == [False, True]
    found = measures.of_all(LISTS, per_user)
    assert found["category_diversity@2"] == 1.0
    assert found["intra_list_similarity@2"] == pytest.approx(np.sqrt(0.5))
    assert found["coverage@2"] == 3 / 4


def test_without_categories_their_diversity_is_left_out():
    measures = ListMeasures(DATASET, None, [1, 2])
    per_user = measures.of_each_user(LISTS)
    assert set(per_user) == {"intra_list_similarity@1", "intra_list_similarity@2"}
    assert set(measures.of_all(LISTS, per_user)) == {
        "coverage@1", "coverage@2", "gini@1", "gini@2", "intra_list_similarity@2",
    }  # fmt: skip
