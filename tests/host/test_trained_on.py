import pytest
from recbole.model import general_recommender

from recbole_opal.host import find_model_class
from recbole_opal.host.upstream_models import computed_at_once, trained_on
from recbole_opal.models import MODELS


@pytest.mark.parametrize(
    ("model", "batches"),
    [
        ("Pop", "interactions"),
        ("ItemKNN", "interactions"),
        ("EASE", "interactions"),
        ("MultiVAE", "users"),
        ("MacridVAE", "users"),
        ("BPR", "pairs"),
        ("LightGCN", "pairs"),
        ("GRU4Rec", "histories"),
        ("SINE", "histories"),
    ],
)
def test_batches_are_what_recbole_trains_the_model_on(model, batches):
    assert trained_on(find_model_class(model)) == batches


def test_none_of_our_models_is_general():
    assert {trained_on(model) for model in MODELS.values()} == {"histories"}


def test_only_models_without_gradients_are_computed_at_once():
    assert computed_at_once(general_recommender.ItemKNN)
    assert computed_at_once(general_recommender.EASE)
    assert not computed_at_once(general_recommender.BPR)
    assert not computed_at_once(general_recommender.MultiVAE)


def test_a_class_of_a_user_s_is_trained_as_its_ancestor_or_as_recbole_says():
    class Deeper(general_recommender.MultiVAE):
        pass

    class Scored(general_recommender.NeuMF):
        pass

    class Ordered(find_model_class("GRU4Rec")):
        pass

    assert [trained_on(each) for each in (Deeper, Scored, Ordered)] == [
        "users",
        "points",
        "histories",
    ]
