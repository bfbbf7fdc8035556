"""The model of cost: what it recovers, what it never says, and when it is believed."""

import math

import numpy as np
import pytest
from scaling.cost_model import CostModel
from scaling.quantities import QUANTITIES

SIZES = [1e5, 3e5, 1e6, 3e6]


def terms(size):
    return {"constant": 1.0, "items": size, "items x lists": 4 * size**1.5}


def test_planted_coefficients_of_very_different_sizes_are_found():
    planted = {"constant": 0.05, "items": 3e-8, "items x lists": 2e-12}
    costs = [sum(planted[name] * value for name, value in terms(size).items()) for size in SIZES]
    model = CostModel.fit([terms(size) for size in SIZES], costs)
    for name, value in planted.items():
        assert model.coefficients[name] == pytest.approx(value, rel=1e-6)
    far = terms(1e9)
    truth = sum(planted[name] * value for name, value in far.items())
    assert model.cost(far) == pytest.approx(truth, rel=1e-6)
    assert model.error(far, 2 * truth) == pytest.approx(-0.5)


def test_relative_errors_count_alike_at_all_sizes():
    """A size 100 times as large does not decide alone: a constant is the harmonic compromise."""
    model = CostModel.fit([{"constant": 1.0}] * 2, [1.0, 100.0])
    best = model.coefficients["constant"]
    around = np.linspace(0.5, 2, 31) * best
    losses = (around / 1 - 1) ** 2 + (around / 100 - 1) ** 2
    assert np.argmin(losses) == np.argmin(abs(around - best))


def test_no_term_costs_less_than_nothing():
    """Costs that fall with the size would want a negative slope."""
    sizes = [{"constant": 1.0, "items": size} for size in SIZES]
    model = CostModel.fit(sizes, [4.0, 3.0, 2.0, 1.0])
    assert model.coefficients["items"] == 0
    assert 1 < model.coefficients["constant"] < 4


@pytest.mark.parametrize(
    ("sizes", "costs", "told"),
    [
        ([{"a": 1.0, "b": 2.0}], [1.0], "cannot be told apart"),
        ([{"a": 1.0}, {"b": 1.0}], [1.0, 1.0], "same terms"),
        ([{"a": 1.0}, {"a": 1.0}], [1.0], "one cost"),
        ([{"a": 1.0}], [0.0], "positive"),
        ([{"a": 1.0}], [math.nan], "positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(sizes, costs, told):
    with pytest.raises(ValueError, match=told):
        CostModel.fit(sizes, costs)


def test_a_size_with_other_terms_is_refused():
    model = CostModel.fit([{"a": 1.0}], [1.0])
    with pytest.raises(ValueError, match="the terms are"):
        model.cost({"a": 1.0, "b": 1.0})


def search_records(at_largest):
    costs = [1e-8 * size for size in SIZES[:-1]] + [at_largest]
    return [{"size": size, "seconds_a_user": cost} for size, cost in zip(SIZES, costs, strict=True)]


@pytest.mark.parametrize(
    ("at_largest", "holds", "error"), [(0.03, True, 0.0), (0.026, True, 2 / 13), (0.02, False, 0.5)]
)
def test_the_largest_size_is_held_back_and_decides(at_largest, holds, error):
    records = search_records(at_largest)
    found = QUANTITIES["search"].fitted(records[::-1])  # in any order
    assert found.held["size"] == 3e6
    assert found.measured == at_largest
    assert found.error == pytest.approx(error, abs=1e-9)
    assert found.holds is holds
    assert found.cost({"size": 1e9}) == pytest.approx(10.0)  # what was held back changed nothing


def lists_of(size):
    """Return the lists of an index: they stop growing, as the measured ones do."""
    return min(round(4 * size**0.5), 4096)


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("train", lambda size, lists: 3 + 1e-7 * 10 * 64 * lists**2),
        ("fill", lambda size, lists: 2e-9 * size * lists + 2e-5 * size),
    ],
)
def test_building_an_index_is_known_beyond_where_lists_stop(name, cost):
    """Training grows with the lists alone, filling with lists and items; together they are neither.

    Up to a million items the squared number of lists is as many times the number of items.
    """
    quantity = QUANTITIES[name]
    sizes = [1e5, 3e5, 1e6, 1e7]
    records = [{"size": size, "lists": lists_of(size)} for size in sizes]
    records = [each | {quantity.key: cost(each["size"], each["lists"])} for each in records]
    found = quantity.fitted(records)
    assert found.held["size"] == 1e7
    assert found.error == pytest.approx(0, abs=1e-6)


def searches(size, skew=1.0):
    lists = lists_of(size)
    return [
        {"nprobe": n, "seconds_a_user": (4e-4 + 5e-8 * lists + 9e-8 * n * size / lists) * skew**n}
        for n in (8, 32, 128)
    ]


def test_lists_and_codes_are_told_apart_by_how_many_lists_are_read():
    """8 sqrt(N) codes in 32 of 4 sqrt(N) lists alone would say neither what a list costs."""
    records = [
        {"size": size, "lists": lists_of(size), "searches": searches(size)}
        for size in (1e5, 3e5, 1e6, 1e7)
    ]
    found = QUANTITIES["probe"].fitted(records)
    assert found.error == pytest.approx(0, abs=1e-6)
    assert found.model.coefficients["lists"] == pytest.approx(5e-8, rel=1e-4)
    assert found.model.coefficients["codes read"] == pytest.approx(9e-8, rel=1e-4)


def test_of_several_readings_the_worst_is_told():
    records = [
        {"size": size, "lists": lists_of(size), "searches": searches(size)} for size in (1e5, 1e6)
    ]
    largest = {"size": 1e7, "lists": 4096, "searches": searches(1e7, skew=1.01)}
    found = QUANTITIES["probe"].fitted([*records, largest])
    assert found.held["nprobe"] == 128
    assert found.error == pytest.approx(1.01**-128 - 1, rel=1e-3)
    assert not found.holds


def test_a_page_that_is_met_first_costs_a_fault():
    def readings(size):
        warm = 2e-4 + 3e-5 * math.log10(size)
        return [
            {"faults": faults, "gather_seconds": warm + 5e-6 * faults}
            for faults in (min(size / 3000, 900), 0)
        ]

    records = [{"size": size, "gathers": readings(size)} for size in (1e5, 3e5, 1e6, 1e7)]
    found = QUANTITIES["gather"].fitted(records)
    assert found.error == pytest.approx(0, abs=1e-6)
    assert found.model.coefficients["page faults"] == pytest.approx(5e-6, rel=1e-4)
