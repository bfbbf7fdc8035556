"""The same log in seconds, milliseconds, microseconds and nanoseconds is the same data set."""

import numpy as np
import pytest
import torch

from recbole_opal.batches import Histories
from recbole_opal.description.describe_command import main as describe
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.host.prepare import prepare_data

DAY = 86_400
LAST_DAY = {"last_day": {"min_days": 1, "offset": 4000}}
FACTORS = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}


@pytest.fixture
def log():
    """Rows whose times are in milliseconds."""
    generator = np.random.default_rng(3)
    return [
        (
            f"u{user}",
            f"i{generator.integers(40)}",
            1_600_000_000_000 + int(generator.integers(10**9)),
        )
        for user in range(12)
        for _ in range(14)
    ]


def in_unit(rows, factor):
    """Return rows in a unit of which a second has `factor`."""
    if factor == 1:
        return [(user, item, f"{time // 1000}.{time % 1000:03d}") for user, item, time in rows]
    return [(user, item, time * (factor // 1000)) for user, item, time in rows]


def columns_of(inputs):
    """Return the tensors of histories or of an interaction."""
    if isinstance(inputs, Histories):
        return [inputs.items, inputs.lengths, inputs.times]
    return [inputs[name] for name in inputs.columns]


def state(make_config, rows, model="PIMI", **settings):
    """Return all that a run would see: split, batches, counts."""
    torch.manual_seed(0)
    config = make_config(rows, model, **settings)
    data = prepare_data(config, future_items=model == "PIMI")
    found = [data.dataset.split.train_ends, data.dataset.sequences.times]
    found += [column for part in (data.valid, data.test) for column in part.rows.targets()]
    for batch in data.train:
        found += (
            columns_of(batch.histories) + [batch.targets] if model == "PIMI" else columns_of(batch)
        )
    for loader in (data.valid, data.test):
        for batch in loader:
            found += [batch.users, *columns_of(batch.inputs)]
    return [np.asarray(one) for one in found], data.counts, data


@pytest.mark.parametrize("factor", FACTORS.values())
@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("PIMI", {}),
        ("SASRec", {"eval_args": {"split": {"LS": "valid_and_test"}}}),
        ("Pop", {"eval_args": {"split": LAST_DAY}, "mask_history": False}),
        ("PIMI", {"eval_args": {"split": {"time": [8, 1, 1]}}}),
        ("Pop", {"eval_args": {"split": {"time": {"cuts": [1_600_600_000, 1_600_800_000]}}}}),
        ("Pop", {"val_interval": {"timestamp": "[1600100000,inf)"}}),
        ("Pop", {"rm_dup_inter": "last"}),
    ],
)
def test_the_unit_changes_nothing(make_config, log, factor, model, settings):
    expected, counts, _ = state(make_config, in_unit(log, 1), model, **settings)
    found, other_counts, data = state(make_config, in_unit(log, factor), model, **settings)
    assert counts == other_counts
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    unit = next(name for name, one in FACTORS.items() if one == factor)
    assert data.time_note == f"times: timestamp holds {unit} since 1970: read as seconds"


@pytest.mark.parametrize("unit", FACTORS)
def test_settings_may_be_in_the_unit_of_the_file(make_config, log, unit):
    rows, factor = in_unit(log, FACTORS[unit]), FACTORS[unit]
    cuts = [1_600_600_000, 1_600_800_000]
    in_file = [cut * factor for cut in cuts]
    plain, scaled = (
        state(make_config, rows, "Pop", eval_args={"split": {"time": {"cuts": these}}})[1]
        for these in (cuts, in_file)
    )
    assert plain == scaled
    interval = f"[{1_600_100_000 * factor},inf)"
    _, filtered, _ = state(make_config, rows, "Pop", val_interval={"timestamp": interval})
    assert 0 < filtered["rows_outside_val_interval"] < len(rows) / 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"day_length": DAY * 1000}, "write day_length in seconds, 86400 for a day"),
        ({"offset": 28_800_000}, "write offset in seconds, 28800 for UTC+8"),
    ],
)
def test_days_in_milliseconds_are_told_to_be_seconds(make_config, log, options, told):
    config = make_config(log, "Pop", eval_args={"split": {"last_day": {"min_days": 1} | options}})
    with pytest.raises(
        DataError, match="milliseconds since 1970 in the file, are read as"
    ) as caught:
        prepare_data(config, future_items=False)
    assert told in str(caught.value)


def test_numbers_that_only_tell_an_order_stay_as_they_are(make_config):
    rows = [(f"u{user}", f"i{(user + step) % 15}", step) for user in range(5) for step in range(12)]
    _, _, data = state(make_config, rows)
    assert sorted(set(data.dataset.sequences.times)) == list(range(12))
    assert data.time_note.endswith("numbers of no known unit, taken as seconds")
    assert any("--time_unit" in warning for warning in data.warnings)
    _, _, data = state(make_config, rows, time_unit="number")
    assert data.warnings == ()
    assert state(make_config, rows, "SASRec")[2].warnings == ()


def test_weights_by_age_are_refused_where_numbers_tell_no_clock(make_config):
    rows = [(f"u{user}", f"i{(user + step) % 15}", step) for user in range(5) for step in range(12)]
    config = make_config(rows, "YouTubeDNN", recency="age")
    with pytest.raises(SettingsError, match=r"are numbers of no known unit \(time_unit: number\)"):
        prepare_data(config, future_items=True)
    prepare_data(make_config(rows, "YouTubeDNN", recency="place"), future_items=True)


def test_a_mixed_file_is_refused_with_its_line(make_config, log):
    rows = [*in_unit(log, 1), ("u1", "i1", 1_600_000_000_000)]
    with pytest.raises(DataError, match=rf"tiny.inter, line {len(rows) + 1}: timestamp is 16"):
        prepare_data(make_config(rows), future_items=True)


def test_describe_tells_the_same_of_every_unit(make_config, log, capsys):
    def told(rows, *flags):
        config = make_config(rows)
        assert describe(["tiny", f"--data_path={config['data_path']}/..", *flags]) == 0
        *tables, note = capsys.readouterr().out.splitlines()
        return tables, note

    expected, note = told(in_unit(log, 1))
    assert note == "times: timestamp holds seconds since 1970"
    for unit, factor in FACTORS.items():
        tables, note = told(in_unit(log, factor))
        assert tables == expected
        assert note == f"times: timestamp holds {unit} since 1970: read as seconds"
    numbers, note = told(log, "--time_unit=number")
    assert note == "times: timestamp holds numbers of no known unit, taken as seconds (--time_unit)"
    assert not any("1970" in line for line in numbers)


def test_ticks_of_dotnet_are_refused_and_nanoseconds_of_1990_can_be_named(make_config, log):
    ticks = [(user, item, time * 10**4 + 621_355_968 * 10**9) for user, item, time in log]
    with pytest.raises(DataError, match=r"line 2: timestamp seems to hold .NET's ticks"):
        prepare_data(make_config(ticks, "Pop"), future_items=False)
    config = make_config(ticks, "Pop", time_unit="nanoseconds")
    assert prepare_data(config, future_items=False).dataset.time_unit == "nanoseconds"
