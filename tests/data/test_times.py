"""Histories come with their times where a model asks, in the same windows; else at no cost."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.protocols.per_user import split_by_ratio
from recbole_opal.data.rows import EvalRows, FutureRows
from recbole_opal.data.user_sequences import UserSequences
from recbole_opal.errors import DataError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import as_recommender
from recbole_opal.models.youtubednn import YouTubeDNNNetwork

lengths_of_users = st.lists(st.integers(1, 25), min_size=1, max_size=6)


def log_of(lengths):
    """Return sequences in which item i was met at 1e9 + 1.5 i, and no item twice."""
    users = np.repeat(np.arange(1, len(lengths) + 1), lengths)
    items = np.random.default_rng(0).permutation(len(users)) + 1
    return UserSequences.from_columns(users, items, 1e9 + 1.5 * items)


def expected_times(histories):
    return 1e9 + 1.5 * histories.items.numpy()


@given(lengths_of_users, st.integers(1, 12))
def test_training_rows_carry_the_times_of_their_items(lengths, width):
    sequences = log_of(lengths)
    options = {"history_width": width, "future_width": 3, "cuts_per_user": 4}
    split = split_by_ratio(sequences, [8, 1, 1], "cumulative")
    rows = FutureRows(sequences, split, with_times=True, **options)
    index, draws = np.arange(len(rows)), np.random.default_rng(1).random(len(rows))
    batch = rows.batch(index, draws)
    histories = batch.histories
    np.testing.assert_array_equal(histories.times, expected_times(histories))
    plain = FutureRows(sequences, split, **options).batch(index, draws).histories
    assert plain.times is None
    np.testing.assert_array_equal(plain.items, histories.items)


@given(lengths_of_users, st.integers(1, 12))
def test_evaluation_rows_carry_the_times_of_their_items(lengths, width):
    sequences = log_of(lengths)
    part = split_by_ratio(sequences, [8, 1, 1], "cumulative").test
    options = {"history_width": width, "mask_history": True}
    rows = EvalRows(sequences, part, with_times=True, **options)
    index = np.arange(len(rows))
    histories = rows.batch(index).inputs
    np.testing.assert_array_equal(histories.times, expected_times(histories))
    assert EvalRows(sequences, part, **options).batch(index).inputs.times is None


class Timed(YouTubeDNNNetwork):
    """Remembers the times it was shown."""

    needs_times = True

    def encode(self, history):
        self.shown = history.times
        return super().encode(history)


@pytest.fixture
def prepared(quick_settings):
    def make(model, **more):
        own = {key: value for key, value in quick_settings.items() if key != "num_interests"}
        config = OpalConfig(model, "tiny", own | more)
        data = prepare_data(config, future_items=True)
        return config, data

    return make


def test_a_model_that_asks_is_given_times_for_training_and_evaluation(prepared):
    config, data = prepared(Timed)
    model = as_recommender(Timed)(config, data.dataset)
    sequences = data.dataset.sequences
    known = {
        (int(item), float(time))
        for row in range(len(sequences.users))
        for item, time in zip(
            sequences.items[slice(*sequences.offsets[row : row + 2])],
            sequences.times[slice(*sequences.offsets[row : row + 2])],
            strict=True,
        )
    }
    batch = next(iter(data.train))
    shown = [batch.histories, next(iter(data.valid)).inputs, next(iter(data.test)).inputs]
    for histories in shown:
        assert histories.times.dtype == torch.float64
        assert set(zip(histories.items.tolist(), histories.times.tolist(), strict=True)) <= known
        model.interests(histories)
        assert model.network.shown.equal(histories.times)
    model.calculate_loss(batch)
    assert model.network.shown.equal(shown[0].times)


def test_a_model_that_does_not_ask_is_given_none(prepared):
    _, data = prepared("YouTubeDNN")
    assert next(iter(data.train)).histories.times is None
    assert next(iter(data.test)).inputs.times is None


@pytest.mark.parametrize(("recency", "timed"), [("place", False), ("age", True), ("both", True)])
def test_weights_by_age_ask_for_times(prepared, recency, timed):
    config, data = prepared("YouTubeDNN", recency=recency)
    model = as_recommender(YouTubeDNNNetwork)(config, data.dataset)
    assert model.network.needs_times == timed
    batch = next(iter(data.train))
    for histories in (batch.histories, next(iter(data.test)).inputs):
        assert (histories.times is not None) == timed
    model.calculate_loss(batch)


def test_a_batch_without_the_times_that_a_model_needs_is_an_error(prepared):
    config, data = prepared(Timed)
    with pytest.raises(DataError, match="timestamp_list"):
        as_recommender(Timed)(config, data.dataset).interests(
            {"item_id_list": torch.tensor([[1, 2]])}
        )
