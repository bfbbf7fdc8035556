import shutil

import numpy as np
import pytest

from recbole_opal.run_list.comparing import compared
from recbole_opal.runs import RunFolder


def per_user(path, metric):
    return RunFolder.open(path).load_arrays("per_user-soft-test.npz")[metric]


def test_differences_are_over_the_same_users(saved, names):
    one, other = compared([saved / name for name in names])
    gaps = per_user(saved / names[1], "ndcg@10") - per_user(saved / names[0], "ndcg@10")
    found = other.less(one)["ndcg@10"]
    assert found.difference == pytest.approx(gaps.mean())
    assert found.low <= found.difference <= found.high
    assert found.n == len(gaps)


def test_metrics_differences_and_settings_are_printed(saved, names, runs):
    code, out, err = runs("compare", *names)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["A", "=", f"saved/{names[0]},", "soft"]
    means = [f"{np.mean(per_user(saved / name, 'recall@10')):.4f}" for name in names]
    assert ["test", "Recall@10", *means] in lines
    assert "B less A, on test" in out
    assert ["num_interests", "3", "2"] in lines
    assert sum(line[:1] == ["Recall@10"] for line in lines) == 1


def test_a_run_is_like_its_copy(saved, names, runs, refused):
    shutil.copytree(saved / names[0], saved / "copy")
    _, out, _ = runs("compare", names[0], "copy")
    assert "settings: all the same" in out
    assert " *" not in out.split("B less A")[1].split("Paired over")[0]
    assert "is named twice" in refused("compare", names[0], f"saved/{names[0]}")


def test_what_the_protocol_does_by_itself_may_be_said(saved, names, runs, refused):
    run = RunFolder.open(saved / names[1])
    settings = run.load_yaml("config.yaml")
    run.save_yaml("config.yaml", settings | {"mask_history": True})
    code, out, _ = runs("compare", *names)
    assert code == 0
    assert "mask_history" not in out
    run.save_yaml("config.yaml", settings | {"mask_history": False})
    assert "mask_history is True there and False here" in refused("compare", *names)


def test_what_cannot_be_compared_is_one_line(saved, names, refused):
    assert "1 run is named" in refused("compare", names[0])
    assert "did you mean soft?" in refused("compare", *names, "--stage=sofd")
    run = RunFolder.open(saved / names[1])
    settings = run.load_yaml("config.yaml")
    run.save_yaml("config.yaml", settings | {"dataset": "other"})
    assert "dataset is tiny there and other here" in refused("compare", *names)
    run.drop("metrics.json")
    assert "has not finished" in refused("compare", *names)
    assert "is not a run folder" in refused("compare", names[0], "nothing")
