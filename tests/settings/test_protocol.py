import pytest

LAST_DAY = {"day_length": 86400, "offset": 0, "min_days": 4, "days": None, "unseen_items": "drop"}
TIME = {"ratios": None, "cuts": None, "unseen_items": "keep", "seed": 1230}
USER = {"ratios": [8, 1, 1], "history": 0.8, "seed": 1230}


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ({"last_day": {}}, {"last_day": LAST_DAY}),
        ({"last_day": None}, {"last_day": LAST_DAY}),
        (
            {"last_day": {"day_length": 86_400_000, "offset": 2.5e7, "min_days": 0, "days": 10}},
            {
                "last_day": LAST_DAY
                | {"day_length": 86_400_000, "offset": 2.5e7, "min_days": 0, "days": 10}
            },
        ),
        ({"time": [8, 1, 1]}, {"time": TIME | {"ratios": [8, 1, 1]}}),
        ({"time": (0.9, 0.1)}, {"time": TIME | {"ratios": [0.9, 0.1]}}),
        ({"time": {"cuts": [-5, 7.5]}}, {"time": TIME | {"cuts": [-5, 7.5]}}),
        (
            {"time": {"cuts": [7], "unseen_items": "drop", "seed": 2}},
            {"time": TIME | {"cuts": [7], "unseen_items": "drop", "seed": 2}},
        ),
        ({"user": [8, 1, 1]}, {"user": USER}),
        ({"user": None}, {"user": USER}),
        ({"user": {"history": 0.5}}, {"user": USER | {"history": 0.5}}),
    ],
)
def test_options_are_completed_and_complete_ones_stay(configure, given, completed):
    split = configure(eval_args={"split": given})["eval_args"]["split"]
    assert split == completed
    again = configure(eval_args={"split": split})
    assert again["eval_args"]["split"] == completed
    assert again.as_plain_dict()["eval_args"]["split"] == completed


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"last_day": []}, "[] is no mapping"),
        ({"last_day": 4}, "4 is no mapping"),
        ({"last_day": {"min_day": 4}}, "did you mean min_days?"),
        ({"last_day": {"min_days": -1}}, "an integer in [0, inf)"),
        ({"last_day": {"min_days": 2.5}}, "an integer in [0, inf)"),
        ({"last_day": {"day_length": 0}}, "a number in [1, inf)"),
        ({"last_day": {"day_length": True}}, "a number in [1, inf)"),
        ({"last_day": {"offset": float("nan")}}, "finite"),
        ({"last_day": {"days": 2}}, "an integer in [3, inf) or None"),
        ({"last_day": {"unseen_items": "hide"}}, "drop | keep"),
        ({"time": {}}, "give either ratios or cuts"),
        ({"time": None}, "give either ratios or cuts"),
        ({"time": {"ratios": [8, 1, 1], "cuts": [5]}}, "give either ratios or cuts"),
        ({"time": [1]}, "2 or 3 numbers"),
        ({"time": [1, 1, 1, 1]}, "2 or 3 numbers"),
        ({"time": [1, 0, 1]}, "larger than 0"),
        ({"time": [1, True, 1]}, "2 or 3 numbers"),
        ({"time": "8,1,1"}, "is no mapping"),
        ({"time": {"cuts": []}}, "one or two times"),
        ({"time": {"cuts": [1, 2, 3]}}, "one or two times"),
        ({"time": {"cuts": [2, 2]}}, "earlier cut first"),
        ({"time": {"cuts": [1, float("inf")]}}, "finite"),
        ({"user": [8, 2]}, "a list of 3 numbers"),
        ({"user": [8, 1, -1]}, "larger than 0"),
        ({"user": {"history": 1}}, "a number in (0, 1)"),
        ({"user": {"history": 0}}, "a number in (0, 1)"),
        ({"user": {"seed": -1}}, "an integer in [0, inf)"),
        ({"users": [8, 1, 1]}, "did you mean user?"),
        ({"lastday": {}}, "did you mean last_day?"),
        ({"time": [8, 1, 1], "user": [8, 1, 1]}, "is not supported"),
        ({}, "is not supported"),
        ({5: 1}, "5 is not a protocol"),
    ],
)
def test_wrong_options_are_told_in_one_line(refusal, given, told):
    message = refusal(eval_args={"split": given})
    assert message.startswith("--eval_args: split ")
    assert told in message
    assert message.endswith(".")


def test_all_protocols_are_shown_where_none_is_named(refusal):
    message = refusal(eval_args={"split": "days"})
    for name in ("RS", "LS", "last_day", "time", "user"):
        assert f"'{name}'" in message


def test_the_help_shows_each_protocol_with_its_options():
    from recbole_opal.help import help_text

    text = help_text("protocols")
    for line in ("{'last_day': {'min_days': 4}}", "{'time': [8, 1, 1]}", "{'user': [8, 1, 1]}"):
        assert line in text
    for option in ("min_days=4", "offset=0", "unseen_items=keep", "history=0.8", "seed=1230"):
        assert f"      {option}: " in text


def test_a_command_line_may_hold_a_protocol(configure):
    from recbole_opal.settings import parse_arguments

    request = parse_arguments(["--dataset=tiny", "--eval_args={'split': {'time': [8, 1, 1]}}"])
    split = configure(**request.settings)["eval_args"]["split"]
    assert split["time"]["ratios"] == [8, 1, 1]
