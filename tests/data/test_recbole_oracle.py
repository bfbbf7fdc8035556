"""Against RecBole's own augmentation and leave-one-out split, on data without ties in time."""

from collections import Counter

import numpy as np
import pytest
from recbole.data.dataset import SequentialDataset

from recbole_opal.host.prepare import prepare_data

SETTINGS = {
    "model": "GRU4Rec",
    "loss_type": "CE",
    "eval_args": {"split": {"LS": "valid_and_test"}},
    "MAX_ITEM_LIST_LENGTH": 7,
}


@pytest.fixture
def configured(make_config):
    """Return settings over random data; times are small enough to be exact in float32."""
    random = np.random.default_rng(9)
    lengths = [1, 2, 3, 4, 5, *random.integers(1, 25, 40)]
    times = iter(random.permutation(sum(lengths)))
    rows = [
        (f"u{user}", f"i{random.integers(30)}", next(times))
        for user, length in enumerate(lengths)
        for _ in range(length)
    ]
    return make_config([rows[at] for at in random.permutation(len(rows))], **SETTINGS)


@pytest.fixture
def upstream(configured):
    """Return the rows of RecBole's training, validation and test sets, as multisets."""
    return [
        Counter(
            (int(user), tuple(history[:length].tolist()), int(target))
            for user, history, length, target in zip(
                *(part.inter_feat[name] for name in NAMES), strict=True
            )
        )
        for part in SequentialDataset(configured).build()
    ]


NAMES = ("user_id", "item_id_list", "item_length", "item_id")


def test_training_rows_equal_recboles(configured, upstream):
    train = prepare_data(configured, future_items=False).train
    own = Counter(
        (int(user), tuple(history[:length].tolist()), int(target))
        for batch in train
        for user, history, length, target in zip(*(batch[name] for name in NAMES), strict=True)
    )
    assert own == upstream[0]
    assert own.total() == len(train.rows) > 300


@pytest.mark.parametrize("part", ["valid", "test"])
def test_evaluation_rows_equal_recboles(configured, upstream, part):
    loader = getattr(prepare_data(configured, future_items=False), part)
    own = Counter()
    for batch in loader:
        assert batch.excluded is None
        rows, targets = batch.targets
        columns = [batch.inputs[name][rows] for name in NAMES[:3]]
        own.update(
            (int(user), tuple(history[:length].tolist()), int(target))
            for user, history, length, target in zip(*columns, targets, strict=True)
        )
    assert own == upstream[1 if part == "valid" else 2]
    assert own.total() > 30


def test_popularity_and_matrix_differ_from_recboles_by_the_first_items_only(configured):
    """RecBole counts targets, so that no user's first item counts; its matrix adds them again."""
    own = prepare_data(configured, future_items=False).dataset
    train = SequentialDataset(configured).build()[0]
    single = own.split.train_ends - own.sequences.starts == 1  # these have no row in RecBole
    firsts = own.sequences.items[own.sequences.starts]
    assert own.item_counter == train.item_counter + Counter(firsts.tolist())
    difference = own.inter_matrix(form="csr") - train.inter_matrix(form="csr")
    assert difference.sum() == single.sum() > 0
