"""Models whose items are scored by all interests together: one rule in training and serving."""

import pytest
import torch

from recbole_opal.evaluation.full_sort import FullSortRetriever
from recbole_opal.losses.retrieval import retrieval_loss, target_columns
from recbole_opal.retrieval import average_ranks
from recbole_opal.testing import ModelContract

SOFT = {"scoring": "logsumexp"}


class TestComiRecSAByLogSumExp(ModelContract):
    """All that a model must do, in which interests have no prior."""

    model = "ComiRecSA"
    settings = SOFT
    recipes = ("default",)


def scores_of(model, inputs, temperature):
    products = torch.einsum("bkd,nd->bkn", model.interests(inputs), model.item_table())
    return temperature * (products / temperature).logsumexp(dim=1)


@pytest.mark.parametrize("name", ["OPAL", "MIND", "ComiRecSA", "PIMI"])
def test_one_rule_in_all_places(build_model, name):
    built = build_model(name, temperature=0.5, **SOFT)
    model = built.recommender.eval()
    with torch.no_grad():
        expected = scores_of(model, built.inputs, 0.5)
        config = {"topk": [5], "item_block_size": 7, "retrieval": "torch", "retrieval_args": None}
        retriever = FullSortRetriever(model, config, with_ranks=True)
        rows = torch.arange(len(expected))
        targets = rows, rows % 10 + 1
        found = retriever.retrieve(built.inputs, None, targets)
        expected[:, 0] = -torch.inf
        best = expected.topk(5, dim=1).values
        torch.testing.assert_close(expected.gather(1, found.ids), best)
        torch.testing.assert_close(
            retriever.retriever.top_k(model.interests(built.inputs), 5).scores, best
        )
        ranks = average_ranks(
            model.interests(built.inputs), model.item_table(), targets, scoring=model.scoring
        )
        assert found.ranks.sums.tolist() == ranks.tolist()
        above = (expected > expected[targets][:, None]).sum(dim=1)
        assert (ranks.long() - 1).tolist() == above.tolist()


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_the_loss_is_that_of_the_scores_that_are_served(build_model, prior):
    built = build_model("OPAL", interest_prior=prior, dropout_prob=0.0, **SOFT)
    network, batch = built.network, built.batch
    found = built.losses(seed=3)["retrieval"]
    torch.manual_seed(3)
    drawn = network.sampler.draw(batch.targets)
    scores = scores_of(network, batch.histories, network.temperature)  # (B, N)
    # One interest whose products are the scores: the maximum of it is the rule itself.
    expected = retrieval_loss(
        scores.unsqueeze(1),
        torch.nn.functional.one_hot(batch.targets, scores.shape[1]).float(),
        batch.targets > 0,
        torch.nn.functional.one_hot(drawn.ids, scores.shape[1]).float(),
        temperature=network.temperature,
        own_columns=target_columns(batch.targets, drawn.ids),
        negative_weights=drawn.log_weights,
        target_correction=network.sampler.target_correction(batch.targets, drawn),
        target_decay=network.settings.target_decay,
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_one_interest_is_the_maximum_bit_by_bit(build_model):
    found = []
    for scoring in ("maximum", "logsumexp"):
        built = build_model("OPAL", num_interests=1, scoring=scoring)
        losses = built.losses()
        sum(losses.values()).backward()
        parameters = dict(built.network.named_parameters())
        gradients = {name: each.grad for name, each in parameters.items() if each.grad is not None}
        scores = built.recommender.eval().full_sort_predict(
            {"item_id_list": torch.tensor([[3, 2]])}
        )
        found.append((losses, gradients, scores))
    (losses, gradients, scores), (soft_losses, soft_gradients, soft_scores) = found
    assert all(losses[name].equal(soft_losses[name]) for name in losses)
    assert gradients.keys() == soft_gradients.keys()
    for name, each in gradients.items():
        assert torch.equal(each.to_dense(), soft_gradients[name].to_dense()), name
    assert scores.equal(soft_scores)


def test_the_prior_shifts_each_interest_by_its_share(build_model):
    built = build_model("OPAL", interest_prior=1.0, **SOFT)
    model = built.recommender.eval()
    with torch.no_grad():
        shares = model.network.interest_shares(built.inputs)
        queries = model.interests(built.inputs)
        products = torch.einsum("bkd,nd->bkn", queries[..., :-1], model.item_table()[:, :-1])
        temperature = model.network.temperature
        mixed = (shares.unsqueeze(-1) * (products / temperature).exp()).sum(dim=1).log()
        torch.testing.assert_close(
            scores_of(model, built.inputs, temperature), temperature * mixed, rtol=1e-4, atol=1e-5
        )
