"""Histories come with their times where a model asks, in the same windows; else at no cost."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.prepare import prepare_data
from recbole_opal.data.protocols import split_by_ratio
from recbole_opal.data.rows import EvalRows, FutureRows
from recbole_opal.data.sequences import UserSequences
from recbole_opal.data.windows import previous_times
from recbole_opal.errors import DataError
from recbole_opal.host.recommender import recommender_of
from recbole_opal.models.youtubednn import YouTubeDNNNetwork
from recbole_opal.settings.config import OpalConfig

lengths_of_users = st.lists(st.integers(1, 25), min_size=1, max_size=6)


def log_of(lengths):
    """Return sequences in which item i was met at 1e9 + 1.5 i, and no item twice."""
    users = np.repeat(np.arange(1, len(lengths) + 1), lengths)
    items = np.random.default_rng(0).permutation(len(users)) + 1
    return UserSequences.from_columns(users, items, 1e9 + 1.5 * items)


def expected_times(histories):
    return np.where(histories > 0, 1e9 + 1.5 * histories, 0.0)


def test_windows_of_times_by_hand():
    times = np.array([5.0, 6.5, 7.0, 9.0])
    found = previous_times(times, np.array([3, 4]), np.array([2, 1]))
    assert found.tolist() == [[6.5, 7.0], [9.0, 0.0]]
    assert found.dtype == np.float64


@given(lengths_of_users, st.integers(1, 12))
def test_training_rows_carry_the_times_of_their_items(lengths, width):
    sequences = log_of(lengths)
    options = {"history_width": width, "future_width": 3, "cuts_per_user": 4}
    split = split_by_ratio(sequences, [8, 1, 1], "cumulative")
    rows = FutureRows(sequences, split, with_times=True, **options)
    index, draws = np.arange(len(rows)), np.random.default_rng(1).random(len(rows))
    batch = rows.batch(index, draws)
    np.testing.assert_array_equal(batch.times, expected_times(batch.histories))
    plain = FutureRows(sequences, split, **options).batch(index, draws)
    assert plain.times is None
    np.testing.assert_array_equal(plain.histories, batch.histories)


@given(lengths_of_users, st.integers(1, 12))
def test_evaluation_rows_carry_the_times_of_their_items(lengths, width):
    sequences = log_of(lengths)
    part = split_by_ratio(sequences, [8, 1, 1], "cumulative").test
    options = {"history_width": width, "mask_history": True}
    rows = EvalRows(sequences, part, with_times=True, **options)
    index = np.arange(len(rows))
    batch = rows.batch(index)
    np.testing.assert_array_equal(batch.times, expected_times(batch.histories))
    assert EvalRows(sequences, part, **options).batch(index).times is None


class Timed(YouTubeDNNNetwork):
    """Remembers the times it was shown."""

    needs_times = True

    def encode(self, history):
        self.shown = history.times
        return super().encode(history)


@pytest.fixture
def prepared(quick_settings):
    def make(model):
        own = {key: value for key, value in quick_settings.items() if key != "num_interests"}
        config = OpalConfig(model, "tiny", own)
        data = prepare_data(config, future_items=True)
        return config, data

    return make


def test_a_model_that_asks_is_given_times_for_training_and_evaluation(prepared):
    config, data = prepared(Timed)
    model = recommender_of(Timed)(config, data.dataset)
    sequences = data.dataset.sequences
    known = {
        (int(user), int(item), float(time))
        for row, user in enumerate(sequences.users)
        for item, time in zip(
            sequences.items[slice(*sequences.offsets[row : row + 2])],
            sequences.times[slice(*sequences.offsets[row : row + 2])],
            strict=True,
        )
    }
    batches = [next(iter(data.train)), next(iter(data.valid))[0], next(iter(data.test))[0]]
    for batch in batches:
        assert batch["timestamp_list"].dtype == torch.float64
        filled = batch["item_id_list"] > 0
        users = batch["user_id"].unsqueeze(1).expand_as(filled)[filled]
        met = zip(
            users.tolist(),
            batch["item_id_list"][filled].tolist(),
            batch["timestamp_list"][filled].tolist(),
            strict=True,
        )
        assert set(met) <= known
        model.interests(batch)
        assert model.network.shown.equal(batch["timestamp_list"][filled])
    model.calculate_loss(batches[0])
    assert model.network.shown.equal(batches[0]["timestamp_list"][batches[0]["item_id_list"] > 0])


def test_a_model_that_does_not_ask_is_given_none(prepared):
    _, data = prepared("YouTubeDNN")
    assert "timestamp_list" not in next(iter(data.train))
    assert "timestamp_list" not in next(iter(data.test))[0]


def test_a_batch_without_the_times_that_a_model_needs_is_an_error(prepared):
    config, data = prepared(Timed)
    with pytest.raises(DataError, match="timestamp_list"):
        recommender_of(Timed)(config, data.dataset).interests(
            {"item_id_list": torch.tensor([[1, 2]])}
        )
