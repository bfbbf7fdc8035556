"""YouTubeDNN keeps the contract; its one vector is the mean of the history."""

import torch
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.testing import ModelContract


class TestYouTubeDNN(ModelContract):
    model = "YouTubeDNN"

    def test_the_one_vector_is_the_mean(self, case):
        batch = case.histories()
        for row, items in enumerate(batch.items.split(batch.lengths.tolist())):
            (vectors,) = case.model.items(items)
            mean = vectors.mean(dim=0)
            if case.config["similarity"] == "cosine":
                mean = functional.normalize(mean, dim=-1)
            torch.testing.assert_close(case.interests(batch)[row, 0], mean)

    def test_an_empty_history_is_zero(self, case):
        history = History(torch.ones(2, 8), torch.tensor([2, 0]))
        assert case.model.encode(history).tolist() == [[[1.0] * 8], [[0.0] * 8]]
