import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.tuning.knobs import Choices, Range
from recbole_opal.tuning.optuna_host import decoded, frozen_trial
from recbole_opal.tuning.proposal import next_settings

SPACE = {
    "rate": Range(0.0003, 0.01, log=True),
    "share": Range(0.0, 0.5),
    "count": Range(1, 1000, log=True),
    "kind": Choices(("a", None, True, 2, [0.1, 0.2])),
}
DEFAULTS = {"rate": 0.001, "share": 0.25, "count": 10, "kind": "a", "other": 5}


def done(values, score):
    return {"settings": values, "score": score, "seconds": 0.0, "state": "done", "reason": None}


def failed(values):
    return {"settings": values, "score": None, "seconds": 0.0, "state": "failed", "reason": "x"}


def after(count, seed=0):
    """Return the trials of a search in which a larger rate is better."""
    trials = []
    for _ in range(count):
        proposed = next_settings(SPACE, DEFAULTS, trials, seed)
        trials.append(done(proposed, proposed["rate"]))
    return trials


def test_the_defaults_come_first_without_the_rest():
    assert next_settings(SPACE, DEFAULTS, [], 0) == {
        "rate": 0.001,
        "share": 0.25,
        "count": 10,
        "kind": "a",
    }


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**40), count=st.integers(1, 8))
def test_proposals_lie_inside_and_depend_on_trials_and_seed_alone(seed, count):
    trials = after(count, seed)
    proposed = next_settings(SPACE, DEFAULTS, trials, seed)
    assert proposed == next_settings(SPACE, DEFAULTS, list(trials), seed)
    for name, knob in SPACE.items():
        assert knob.holds(proposed[name])
        assert type(proposed[name]) is type(next_settings(SPACE, DEFAULTS, [], seed)[name]) or (
            name == "kind"
        )


def test_a_failed_trial_takes_its_place_but_teaches_nothing():
    # Within the random trials the draw depends on the place alone.
    first = after(2)
    assert next_settings(SPACE, DEFAULTS, first, 0) == next_settings(
        SPACE, DEFAULTS, [first[0], failed(first[1]["settings"])], 0
    )
    assert next_settings(SPACE, DEFAULTS, first, 0) != next_settings(SPACE, DEFAULTS, first[:1], 0)


def test_later_proposals_learn_from_the_scores():
    early, late = [], []
    for seed in range(3):
        rates = [trial["settings"]["rate"] for trial in after(40, seed)]
        early += rates[1:11]
        late += rates[30:]
    assert sum(late) > 1.2 * sum(early)


def test_models_that_share_a_first_knob_try_the_same_values_of_it_first():
    one = {"rate": SPACE["rate"], "share": SPACE["share"]}
    other = {"rate": SPACE["rate"], "kind": SPACE["kind"]}
    draws = [
        next_settings(space, DEFAULTS, [failed({})], seed)["rate"]
        for seed in range(4)
        for space in (one, other)
    ]
    assert draws[::2] == draws[1::2]
    assert len(set(draws)) == 4


@pytest.mark.parametrize("bounds", [(0.12341, 0.12342), (0.1234, 0.1241), (0.12301, 0.12399)])
def test_a_range_narrower_than_three_digits_is_searched_too(bounds):
    knob = Range(*bounds)
    trials = []
    for _ in range(8):
        proposed = next_settings({"x": knob}, {"x": knob.low}, trials, 0)
        assert knob.holds(proposed["x"])
        trials.append(done(proposed, 1.0))
    assert len({trial["settings"]["x"] for trial in trials}) == 8


def test_a_space_that_is_used_up_has_no_next():
    space = {"kind": Choices((1, 2)), "count": Range(1, 2)}
    trials = []
    while (proposed := next_settings(space, {"kind": 1, "count": 1}, trials, 0)) is not None:
        assert proposed not in [trial["settings"] for trial in trials]
        trials.append(done(proposed, 1.0))
    assert len(trials) == 4


@pytest.mark.parametrize("kind", SPACE["kind"].choices)
def test_values_survive_optuna_s_storage(kind):
    values = {"rate": 0.00123, "share": 0.0, "count": 7, "kind": kind}
    stored = frozen_trial(SPACE, done(values, 1.0)).params
    assert isinstance(stored["kind"], str)
    assert decoded(SPACE, stored) == values
    assert type(decoded(SPACE, stored)["kind"]) is type(kind)
