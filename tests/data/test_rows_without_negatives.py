"""Users of whom every item is a target or was seen are told where GAUC is asked for."""

import pytest

from recbole_opal.host.prepare import prepare_data


@pytest.mark.parametrize("model", ["OPAL", "Pop"])
@pytest.mark.parametrize(("mask", "told"), [(True, 2), (False, 0)])
def test_they_are_counted_before_training(make_config, model, mask, told):
    rows = [(f"u{user}", f"i{step}", step) for user in range(2) for step in range(4)]
    rows += [(f"v{user}", f"i{step % 3}", step) for user in range(2) for step in range(4)]
    rows += [("w", f"i{step}", step) for step in (0, 2, 1)]
    settings = {"metrics": ["Recall", "GAUC"], "mask_history": mask}
    settings["eval_args"] = {"split": {"LS": "valid_and_test"}}
    data = prepare_data(make_config(rows, model, **settings), future_items=model == "OPAL")
    users = len(data.test.rows)
    told_of = [line for line in data.warnings if "GAUC" in line]
    expected = f"GAUC leaves out {told} of {users} users of the test part"
    assert [line.partition(":")[0] for line in told_of] == [expected] * bool(told)
