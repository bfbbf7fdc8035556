"""YouTubeDNN keeps the contract; its one vector is the mean of the history."""

import torch
from torch.nn import functional

from recbole_opal.testing import ModelContract


class TestYouTubeDNN(ModelContract):
    model = "YouTubeDNN"

    def test_the_one_vector_is_the_mean(self, case):
        batch = case.histories()
        for row, items in enumerate(batch["item_id_list"]):
            (vectors,) = case.model.items(items[items > 0])
            mean = vectors.mean(dim=0)
            if case.config["similarity"] == "cosine":
                mean = functional.normalize(mean, dim=-1)
            torch.testing.assert_close(case.interests(batch)[row, 0], mean)
