"""From a raw log to training and evaluation rows by loops that know nothing of sequences."""

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.data.protocols import apply_protocol, looks_at_time, place_in_time
from recbole_opal.data.rows import EvalRows, FutureRows, NextItemRows
from recbole_opal.data.user_sequences import UserSequences
from recbole_opal.settings.protocol import normalised_eval_args

WIDTH = 3
logs = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(0, 40)), min_size=1, max_size=80
)
shares = st.lists(st.integers(1, 5), min_size=3, max_size=3)
unseen = st.sampled_from(["drop", "keep"])
over_users = st.builds(
    lambda ratios, history: {"user": {"ratios": ratios, "history": history}},
    shares,
    st.sampled_from([0.3, 0.5, 0.8]),
)
over_time = st.one_of(
    st.builds(
        lambda days, drop: {"last_day": {"day_length": 8, "min_days": days, "unseen_items": drop}},
        st.integers(0, 2),
        unseen,
    ),
    st.builds(
        lambda ratios, drop: {"time": {"ratios": ratios, "unseen_items": drop}},
        st.lists(st.integers(1, 5), min_size=2, max_size=3),
        unseen,
    ),
)
per_user = st.one_of(
    st.builds(lambda ratios: {"RS": ratios}, shares), st.just({"LS": "valid_and_test"})
)
rules = st.one_of(per_user, over_time, over_users)


def apply(log, rule):
    """Return sequences, split and what was left out, as `FutureItemDataset` puts them together."""
    rule = normalised_eval_args({"split": rule})["split"]
    users, items, times = (np.array(column) for column in zip(*log, strict=True))
    keep, counts, dropped = np.ones(len(log), dtype=bool), None, {}
    if looks_at_time(rule):
        placed = place_in_time(rule, users, items, times.astype(np.float64))
        keep, dropped = placed.keep, placed.dropped
        parts = 2 if len((rule.get("time") or {}).get("ratios") or [1, 1, 1]) == 2 else 3
        who = sorted(set(users[keep].tolist()))
        counts = np.array(
            [
                [(keep & (users == user) & (placed.parts == part)).sum() for user in who]
                for part in range(parts)
            ],
            dtype=np.int64,
        )
    sequences = UserSequences.from_columns(users[keep], items[keep] + 1, times[keep])
    return sequences, apply_protocol(rule, "cumulative", sequences, counts), dropped


def lists(histories):
    """Return the items of each row."""
    return [row.tolist() for row in histories.items.split(histories.lengths.tolist())]


def evaluation(sequences, part, mask):
    rows = EvalRows(sequences, part, history_width=WIDTH, mask_history=mask)
    return rows, rows.batch(np.arange(len(rows)))


@settings(max_examples=100)
@given(logs, rules, st.booleans())
def test_no_leak_and_no_lost_row(log, rule, mask):
    sequences, split, dropped = apply(log, rule)
    own = {}
    for at, user in enumerate(sequences.users.tolist()):
        start, end = sequences.offsets[at : at + 2]
        own[user] = sequences.items[start:end].tolist()
    trained = {
        user: own[user][: split.train_ends[at] - sequences.starts[at]]
        for at, user in enumerate(sequences.users.tolist())
    }

    rows = NextItemRows(sequences, split, history_width=WIDTH)
    batch = rows.batch(np.arange(len(rows)))
    met = defaultdict(list)
    columns = rows.users(np.arange(len(rows))), lists(batch.histories), batch.targets
    for user, history, target in zip(*columns, strict=True):
        met[int(user)].append((history, int(target[0])))
    for user, items in trained.items():
        assert met[user] == [
            (items[max(0, at - WIDTH) : at], items[at]) for at in range(1, len(items))
        ]

    future = FutureRows(sequences, split, history_width=WIDTH, future_width=2, cuts_per_user=3)
    if len(future):
        draws = np.random.default_rng(0).random(len(future))
        batch = future.batch(np.arange(len(future)), draws)
        columns = future.users(np.arange(len(future))), lists(batch.histories), batch.targets
        for user, history, targets in zip(*columns, strict=True):
            window = [item for item in (*history, *targets.tolist()) if item]
            places = range(len(trained[int(user)]) - len(window) + 1)
            assert any(trained[int(user)][at : at + len(window)] == window for at in places)

    asked_in = defaultdict(int)
    for name, part in (("valid", split.valid), ("test", split.test)):
        rows, batch = evaluation(sequences, part, mask)
        begins = {
            int(sequences.users[row]): int(start - sequences.starts[row])
            for row, start in zip(part.rows, part.starts, strict=True)
        }
        targets = defaultdict(set)
        for row, item in zip(*batch.targets, strict=True):
            targets[int(batch.users[row])].add(int(item))
        for user, history in zip(batch.users.tolist(), lists(batch.inputs), strict=True):
            past = own[user][: begins[user]]
            assert history == past[-WIDTH:]
            assert targets[user] <= set(own[user][begins[user] :])
            assert len(trained[user]) <= begins[user]
            if mask:
                assert not targets[user] & set(past)
        asked_in[name] = part.num_interactions

    lost = sum(count for name, count in dropped.items() if name.startswith("dropped_interactions"))
    assert len(log) == (
        lost
        + sum(len(items) for items in trained.values())
        + sum(asked_in.values())
        + sum(split.left_over.values())
    )


@given(logs, over_time)
def test_nothing_is_trained_on_that_lies_after_anything_asked_for(log, rule):
    sequences, split, _ = apply(log, rule)
    train = [
        time
        for start, end in zip(sequences.starts, split.train_ends, strict=True)
        for time in sequences.times[start:end]
    ]
    for part in (split.valid, split.test):
        asked = [
            time
            for start, end in zip(part.starts, part.ends, strict=True)
            for time in sequences.times[start:end]
        ]
        assert not asked or not train or max(train) < min(asked)


@given(logs, over_users)
def test_a_user_is_in_one_group(log, rule):
    sequences, split, _ = apply(log, rule)
    training = set(np.flatnonzero(split.train_ends > sequences.starts).tolist())
    valid, test = set(split.valid.rows.tolist()), set(split.test.rows.tolist())
    assert not training & valid
    assert not training & test
    assert not valid & test
