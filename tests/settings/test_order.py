"""Times that are an order alone are not taken for a clock."""

import pytest


@pytest.mark.parametrize("split", [{"last_day": {}}, {"time": [8, 1, 1]}])
def test_days_and_cuts_in_time_are_refused(configure, refusal, split):
    message = refusal(eval_args={"split": split}, time_unit="order")
    assert "needs times of a clock" in message
    assert "--time_unit=seconds" in message
    configure(eval_args={"split": split}, time_unit="seconds")


@pytest.mark.parametrize(
    "split", [{"RS": [8, 1, 1]}, {"LS": "valid_and_test"}, {"user": [8, 1, 1]}]
)
def test_protocols_that_need_an_order_alone_stay(configure, split):
    configure(eval_args={"split": split}, time_unit="order")


def test_models_that_learn_from_the_time_between_interactions_are_refused(configure, refusal):
    assert "--model=PIMI learns from the time" in refusal("PIMI", time_unit="order")
    configure("PIMI")


def test_the_file_beside_the_data_says_it_and_a_flag_wins(configure, refusal, tiny_data):
    (tiny_data / "tiny" / "tiny.yaml").write_text("time_unit: order\n")
    assert "time_unit: order" in refusal(eval_args={"split": {"last_day": {}}})
    configure(eval_args={"split": {"last_day": {}}}, time_unit="seconds")


@pytest.mark.parametrize("unit", ["order", "number"])
def test_weights_by_age_need_a_clock(configure, refusal, unit):
    for recency in ("age", "both"):
        message = refusal(recency=recency, time_unit=unit)
        assert f"--recency={recency} weighs items by their age" in message
        assert f"(time_unit: {unit}); write --recency=place" in message
    configure(recency="place", time_unit=unit)
    configure(recency="age", time_unit="seconds")
