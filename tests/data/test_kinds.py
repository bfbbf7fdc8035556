import pytest
from recbole.model import general_recommender

from recbole_opal.data.kinds import computed_at_once, general_batches
from recbole_opal.host import find_model_class
from recbole_opal.host.recommender import recommender_of
from recbole_opal.models import MODELS


@pytest.mark.parametrize(
    ("model", "batches"),
    [
        ("Pop", "interactions"),
        ("ItemKNN", "interactions"),
        ("EASE", "interactions"),
        ("NCEPLRec", "interactions"),
        ("MultiVAE", "users"),
        ("MacridVAE", "users"),
        ("MultiDAE", "users"),
        ("CDAE", "users"),
        ("DiffRec", "users"),
        ("ENMF", "users"),
        ("BPR", "pairs"),
        ("LightGCN", "pairs"),
        ("NeuMF", "points"),
        ("FISM", "points"),
        ("GRU4Rec", None),
        ("SINE", None),
    ],
)
def test_batches_are_what_recbole_trains_the_model_on(model, batches):
    assert general_batches(find_model_class(model)) == batches


def test_none_of_our_models_is_general():
    assert {general_batches(recommender_of(model)) for model in MODELS.values()} == {None}


def test_only_models_without_gradients_are_computed_at_once():
    assert computed_at_once(general_recommender.ItemKNN)
    assert computed_at_once(general_recommender.NCEPLRec)
    assert not computed_at_once(general_recommender.SGL)
    assert not computed_at_once(general_recommender.MultiVAE)
