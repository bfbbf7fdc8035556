import torch
from recbole.data.interaction import Interaction

from recbole_opal.host import find_model_class
from recbole_opal.host.mended import Pop


class Sizes:
    """A data set of 3 users and 4 items, the padding included."""

    def num(self, field):
        return {"user_id": 3, "item_id": 4}[field]


CONFIG = {
    "USER_ID_FIELD": "user_id",
    "ITEM_ID_FIELD": "item_id",
    "NEG_PREFIX": "neg_",
    "device": torch.device("cpu"),
}


def test_the_lookup_gives_the_mended_class():
    assert find_model_class("pop") is Pop
    assert Pop.__name__ == "Pop"


def test_an_item_that_occurs_twice_in_a_batch_counts_twice():
    model = Pop(CONFIG, Sizes())
    for items in ([1, 1, 2], [1, 3]):
        loss = model.calculate_loss(Interaction({"item_id": torch.tensor(items)}))
        assert float(loss.detach()) == 0.0
    assert model.item_cnt.flatten().tolist() == [0, 3, 1, 1]
    scores = model.full_sort_predict(Interaction({"user_id": torch.tensor([1, 2])}))
    assert torch.allclose(scores.view(2, 4), torch.tensor([0, 1, 1 / 3, 1 / 3]).double())
    pairs = Interaction({"user_id": torch.tensor([1, 1]), "item_id": torch.tensor([1, 2])})
    assert torch.allclose(model.predict(pairs), torch.tensor([1, 1 / 3]))
