"""Item vectors composed of features: against brute force, their gradients, and edge cases."""

import time

import numpy as np
import pytest
import torch
from torch.nn import functional

from recbole_opal.interests.feature_table import FeatureTable, TokenColumn
from recbole_opal.interests.item_features import ItemFeatures
from recbole_opal.interests.item_table import ItemTable

# Items 1 ... 6, the padding 0: tags (several), an author, a length.
TAGS = {1: [1, 2], 2: [3], 3: [], 4: [1, 2, 3], 5: [4], 6: [2]}
AUTHORS = {1: 1, 2: 1, 4: 2, 5: 3, 6: 2}
LENGTHS = np.array([np.nan, 2.0, np.nan, 6.0, 4.0, 100.0, 4.0])
COUNTS = torch.tensor([0, 5, 1, 2, 7, 0, 3])  # nobody has met 5, the only one of tag 4, author 3
WIDTH = 4


def column(name, tokens_of, size, *, several):
    pairs = [(item, token) for item, tokens in tokens_of.items() for token in tokens]
    items, tokens = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return TokenColumn(name, several, size, items, tokens)


@pytest.fixture
def features():
    tags = column("tag", TAGS, 5, several=True)
    authors = column("author", {i: [a] for i, a in AUTHORS.items()}, 4, several=False)
    return FeatureTable.of_columns(7, [tags, authors], {"length": LENGTHS})


def composing(features, *, dropout=0.0, sparse=True, unit=True, counts=COUNTS):
    torch.manual_seed(3)
    composer = ItemFeatures(features, counts, WIDTH, sparse=sparse, dropout=dropout)
    composer.embedding.weight.data.normal_()
    composer.directions.data.normal_()
    return ItemTable(len(features), WIDTH, sparse=sparse, unit=unit, features=composer)


def by_hand(table, item, *, new=False):
    """Return the vector of an item, before it gets unit length."""
    composer = table.features
    tag, author = composer.embedding.weight[:5], composer.embedding.weight[5:]
    met = [int(each) for each in COUNTS.nonzero().flatten()]
    known = {1: 2, 2: 3, 3: 2} if new else {1: 9, 2: 9, 3: 9}  # items of training that have a tag
    tags = TAGS.get(item, [])
    said = sum((tag[t] / len(tags) for t in tags if known.get(t, 0) > 1), torch.zeros(WIDTH))
    if AUTHORS.get(item) in (1, 2):
        said = said + author[AUTHORS[item]]
    lengths = LENGTHS[met][np.isfinite(LENGTHS[met])]
    if np.isfinite(LENGTHS[item]):
        standard = (LENGTHS[item] - lengths.mean()) / lengths.std()
        said = said + standard * composer.directions[0]
    own = table.embedding.weight[item] if COUNTS[item] > 0 and not new else 0.0
    return own + said


def test_vectors_equal_the_brute_force(features):
    table = composing(features)
    wanted = torch.stack([by_hand(table, item) for item in range(7)])
    wanted = functional.normalize(wanted, dim=-1)
    torch.testing.assert_close(table.all(), wanted)
    ids = torch.tensor([[4, 0, 4], [3, 5, 1]])
    first, second = table(ids, torch.tensor([2]))
    torch.testing.assert_close(first, wanted[ids])
    torch.testing.assert_close(second, wanted[[2]])
    torch.testing.assert_close(table.look_up(ids[0]), wanted[ids[0]])
    assert table.all()[0].eq(0).all()


def test_without_unit_length_they_are_sums(features):
    table = composing(features, unit=False)
    wanted = torch.stack([by_hand(table, item) for item in range(7)])
    torch.testing.assert_close(table.all(), wanted)


def test_an_item_that_loses_its_own_vector_is_as_one_that_training_has_not_met(features):
    table = composing(features, dropout=0.999999, unit=False).train()
    (found,) = table(torch.arange(7))
    for item in range(7):
        torch.testing.assert_close(found[item], by_hand(table, item, new=True))
    table.eval()
    torch.testing.assert_close(table(torch.arange(7))[0], table.all())


def test_a_share_of_the_items_loses_its_own_vector():
    count = 20_000
    none = FeatureTable.of_columns(count, [], {})
    counts = torch.ones(count, dtype=torch.int64)
    table = composing(none, dropout=0.3, counts=counts).train()
    (found,) = table(torch.arange(1, count))
    assert found.eq(0).all(dim=-1).float().mean().item() == pytest.approx(0.3, abs=0.02)


def test_gradients_reach_features_and_only_the_tokens_looked_up(features):
    table = composing(features)
    (found,) = table(torch.tensor([1, 6, 1]))
    (found * torch.randn(3, WIDTH)).sum().backward()
    gradient = table.features.embedding.weight.grad
    assert gradient.is_sparse
    ids = gradient._indices()[0]
    assert ids.tolist() == [1, 2, 6, 7]  # each once, ascending: tags 1, 2, authors 1, 2
    assert gradient._values().abs().sum(dim=1).gt(0).all()
    assert table.features.directions.grad.abs().sum() > 0
    assert table.embedding.weight.grad._indices()[0].tolist() == [1, 6]


def test_gradients_are_those_of_the_formula(features):
    table = composing(features, sparse=False).double()
    ids, weights = torch.tensor([1, 4, 6, 4]), torch.randn(4, WIDTH, dtype=torch.float64)

    def loss(own, said, directions):
        names = "embedding.weight", "features.embedding.weight", "features.directions"
        values = dict(zip(names, (own, said, directions), strict=True))
        (found,) = torch.func.functional_call(table, values, (ids,))
        return (found * weights).sum()

    given = [table.embedding.weight, table.features.embedding.weight, table.features.directions]
    assert torch.autograd.gradcheck(loss, [each.detach().requires_grad_() for each in given])


def test_sparse_and_dense_gradients_are_equal(features):
    found = []
    for sparse in (True, False):
        table = composing(features, sparse=sparse)
        (vectors,) = table(torch.tensor([1, 4, 4, 6]))
        vectors[:, 0].sum().backward()
        found.append(table.features.embedding.weight.grad.to_dense())
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("columns", ["none", "numbers", "tokens"])
def test_a_table_may_lack_tokens_or_numbers(columns):
    tokens = [column("tag", TAGS, 5, several=True)] if columns == "tokens" else []
    numbers = {"length": LENGTHS} if columns == "numbers" else {}
    table = composing(FeatureTable.of_columns(7, tokens, numbers), dropout=0.5).train()
    (found,) = table(torch.tensor([3, 3, 0]))
    found.sum().backward()
    assert table(torch.empty(0, dtype=torch.int64))[0].shape == (0, WIDTH)
    assert table.all().isfinite().all()


def test_a_column_of_one_value_and_one_without_any_in_training():
    lengths = {"same": np.full(7, 3.0), "unmet": np.where(np.arange(7) == 5, 2.0, np.nan)}
    table = composing(FeatureTable.of_columns(7, [], lengths), unit=False)
    assert table.all().isfinite().all()
    assert table.features.scale.tolist() == [1.0, 1.0]


def test_new_items_are_composed_as_known_ones_without_their_own_vectors(features):
    table = composing(features)
    tags = column("tag", {0: [1, 2], 1: [], 2: [4]}, 5, several=True)
    authors = column("author", {0: [1]}, 4, several=False)
    new = FeatureTable.of_columns(3, [tags, authors], {"length": np.array([2.0, np.nan, 6.0])})
    found = table.of_new(new)
    table.embedding.weight.data.zero_()
    torch.testing.assert_close(found[0], table.all()[1])
    assert found[1].eq(0).all()  # nothing is known of it
    only_length = FeatureTable.of_columns(1, [], {"length": np.array([6.0])})
    assert not found[2].eq(0).all()  # tag 4 says nothing: nobody has met an item that has it
    torch.testing.assert_close(
        found[2], functional.normalize(_length_alone(table, only_length), dim=-1)[0]
    )


def _length_alone(table, new):
    standard = (torch.from_numpy(new.numbers) - table.features.centre) / table.features.scale
    return standard @ table.features.directions


def test_a_composed_table_has_the_same_bits(features):
    table = composing(features)
    new = torch.randn(2, WIDTH)
    before = torch.random.get_rng_state()
    served = table.composed(new)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert table.features is not None
    assert not served.unit
    assert served.num_items == 9
    assert torch.equal(served.all()[:7], table.all())
    assert torch.equal(served.all()[7:], new)
    assert torch.equal(served(torch.tensor([4, 8, 0]))[0][:1], table.all()[4:5])
    assert torch.equal(table.composed().look_up(torch.arange(7)), table.all())


def test_arrays_give_the_table_back(features):
    again = FeatureTable.of_arrays(features.as_arrays())
    assert again.columns == features.columns
    assert again.sizes == (5, 4)
    assert again.several == (True, False)
    np.testing.assert_array_equal(again.tokens, features.tokens)
    np.testing.assert_array_equal(again.numbers, features.numbers)
    assert features.weights()[:3].tolist() == [0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("offsets", lambda offsets: offsets[::-1].copy()),
        ("offsets", lambda offsets: offsets[:0]),
        ("tokens", lambda tokens: tokens + 100),
        ("sizes", lambda sizes: sizes[:1]),
        ("numbers", lambda numbers: numbers[1:]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(features, name, change):
    arrays = features.as_arrays()
    with pytest.raises(ValueError, match=r"tokens|numbers|offsets"):
        FeatureTable.of_arrays(arrays | {name: change(arrays[name])})


def test_the_cost_of_a_step_does_not_grow_with_the_catalogue():
    def seconds(count):
        draw = np.random.default_rng(0)
        items = np.repeat(np.arange(1, count), 2)
        tags = TokenColumn("tag", True, 100, items, draw.integers(1, 100, len(items)))
        table = FeatureTable.of_columns(count, [tags], {"length": draw.normal(size=count)})
        made = composing(table, dropout=0.2, counts=torch.ones(count, dtype=torch.int64)).train()
        ids, taken = torch.from_numpy(draw.integers(1, count, 2000)), []
        for _ in range(7):
            before = time.process_time()
            made(ids)[0].sum().backward()
            taken.append(time.process_time() - before)
            made.zero_grad(set_to_none=True)
        return float(np.median(taken))

    assert seconds(400_000) < 5 * seconds(4_000)
