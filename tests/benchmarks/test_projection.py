"""From a model to machines and traffic, by hand."""

import math

import pytest
from scaling.cost_model import CostModel
from scaling.projection import Machine, limits, projected
from scaling.quantities import QUANTITIES, Fitted
from scaling.wording import count, digits, in_bytes, in_seconds

MACHINE = Machine(memory=1e9, cores=8, network=1e8)


def model(**coefficients):
    """Return fitted quantities that cost nothing but what is given."""
    record = {"size": 1, "touched_rows": 1.0, "lists": 1, "interactions": 1}
    record |= {"nprobe": 1, "faults": 0}
    fitted = {}
    for name, quantity in QUANTITIES.items():
        terms = dict.fromkeys(quantity.terms(record), 0.0)
        fitted[name] = Fitted(quantity, CostModel(terms | coefficients.get(name, {})), record)
    return fitted


def test_machines_and_traffic_are_those_of_the_arithmetic():
    fitted = model(memory={"items": 768.0}, codes={"items": 30.0}, soft={"constant": 0.5})
    far = projected(fitted, 10_000_000, 1_000.0, MACHINE)
    assert far.table == 4 * 64 * 1e7
    assert far.moments == 2 * far.table
    assert far.trainers == math.ceil(768 * 1e7 / 1e9) == 8
    assert far.servers == math.ceil((30 + 256) * 1e7 / 1e9) == 3
    assert far.step_traffic == pytest.approx(7 / 8 * 1000 * (2 * 256 + 16))
    assert far.step_network == pytest.approx(far.step_traffic / 1e8)
    assert far.query_traffic == 3 * 4 * (64 * 4 + 50 * 8 * 12)
    assert far.epoch == pytest.approx(1e7 / 1024 * 0.5)


def test_on_one_machine_nothing_travels():
    assert projected(model(), 1000, 1_000.0, MACHINE).step_traffic == 0


def test_what_breaks_first_comes_first():
    fitted = model(
        start={"items": 1000.0},
        memory={"items": 800.0},
        codes={"items": 30.0},
        users={"users": 2000.0},
    )
    found = limits(fitted, MACHINE)
    assert [most for _, most in found] == [5e5, 1e6, 1.25e6, pytest.approx(1e9 / 30)]
    assert "(users)" in found[0][0]
    assert "start by co-occurrence" in found[1][0]
    assert limits(model(), MACHINE)[0][1] == math.inf


def test_numbers_have_three_digits_and_a_unit():
    assert [digits(value) for value in (0, 0.01234, 1.5, 12.34, 1234.5)] == [
        "0",
        "0.0123",
        "1.50",
        "12.3",
        "1,234",
    ]
    assert in_bytes(768e9) == "715 GiB"
    assert in_bytes(1000) == "0.977 KiB"
    assert in_seconds(0.0123) == "12.3 ms"
    assert in_seconds(90_000) == "1.04 days"
    assert in_seconds(1e-9) == "0.00100 µs"
    assert count(1e9) == "1 billion"
    assert count(2.5e6) == "2.50 million"
    assert count(100_000) == "100,000"
