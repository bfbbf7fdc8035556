"""Whatever stands in a run folder or a comparison, the list tells it and goes on."""

import copy
import json

import pytest

from recbole_opal.run_list.listing import summaries
from recbole_opal.run_list.summary import summarise
from recbole_opal.runs import RunFolder

ODD = [None, True, "x", "\x00", -1, 1e308, 10**30, [], [1], {}, {"a": [None]}, "../" * 3000]
PLACES = [
    ["best_stage"], ["stages"], ["stages", "soft"], ["stages", "soft", "valid"], ["seconds"],
    ["stages", "soft", "valid", "recall@10"], ["stages", "soft", "test"],
]  # fmt: skip
METRICS = {
    "best_stage": "soft",
    "seconds": 1.0,
    "stages": {"soft": {"valid": {"recall@10": 0.5}, "test": {"recall@10": 0.25}}},
}


@pytest.fixture
def folder(tmp_path):
    made = RunFolder.create(tmp_path, "OPAL-tiny")
    with made.update():
        made.save_yaml("config.yaml", {"model": "OPAL", "dataset": "tiny", "seed": 1})
        made.save_json("metrics.json", METRICS)
    return made


def test_the_metric_is_the_first_where_no_setting_names_it(folder):
    run = summarise(folder.path, "it")
    assert (run.state, run.metric, run.valid, run.test) == ("finished", "recall@10", 0.5, 0.25)


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_odd_metrics(folder, place):
    for odd in ODD:
        metrics = copy.deepcopy(METRICS)
        inner = metrics
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = odd
        folder.save_json("metrics.json", metrics)
        (run,) = summaries(folder.path.parent)
        assert run.state in ("finished", "damaged")
        assert (run.problem is None) == (run.state == "finished")
        json.dumps(run.as_plain())


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_settings_and_comparisons(folder, odd):
    folder.save_yaml(
        "config.yaml", dict.fromkeys(("model", "dataset", "seed", "valid_metric"), odd)
    )
    comparison = folder.path.parent / "comparison-x"
    comparison.mkdir()
    for content in (odd, {"rows": odd}, {"rows": [odd]}, {"rows": [{"runs": odd}]},
                    {"rows": [{"runs": {"1": odd}}]}):  # fmt: skip
        (comparison / "comparison.json").write_text(json.dumps(content))
        (run,) = summaries(folder.path.parent)
        json.dumps(run.as_plain())
