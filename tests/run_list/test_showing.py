import pytest

from recbole_opal.run_list.differing import changed_settings, differing_settings
from recbole_opal.runs import RunFolder


def test_a_run_is_told_whole(saved, names, runs):
    code, out, err = runs("show", names[0])
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.split()}
    assert lines["num_interests"] == ["3", "4"]
    assert lines["epochs"] == ["1", "300"]
    assert lines["state"] == ["finished"]
    assert "checkpoint_dir" not in lines
    for name, size in RunFolder.open(saved / names[0]).sizes.items():
        assert lines[name] == [f"{size:,}"]
    assert "histories-test.npz" in lines
    assert "SHA-256 of tiny.inter" in out
    assert "every file is as it was written" in out


def test_an_unfinished_one_says_how_to_go_on(saved, names, runs):
    RunFolder.open(saved / names[0]).drop("metrics.json")
    _, out, _ = runs("show", saved / names[0])
    assert f"--resume={saved / names[0]}" in out.replace("\n", "")


def test_a_damaged_file_is_told_after_all_that_can_be_read(saved, names, runs):
    path = saved / names[0] / "weights-soft.safetensors"
    path.write_bytes(b"x" * path.stat().st_size)
    code, out, err = runs("show", names[0])
    assert code == 2
    assert "num_interests" in out
    assert "every file" not in out
    assert f"error: saved/{names[0]}/weights-soft.safetensors is damaged" in err


@pytest.mark.parametrize(
    ("argv", "told"), [(["show"], "no runs are named"), (["show", "x"], "not a run folder")]
)
def test_what_is_no_run_is_one_line(saved, refused, argv, told):
    assert told in refused(*argv)


def test_two_ways_to_write_a_protocol_are_no_difference():
    one = {"eval_args": {"split": {"RS": [8, 1, 1]}}, "val_interval": None, "seed": 1}
    other = one | {"eval_args": {"split": {"RS": [8, 1, 1]}, "mode": "full"}, "val_interval": []}
    assert differing_settings([one, other]) == {}
    assert differing_settings([one, other | {"seed": 2}]) == {"seed": ["1", "2"]}
    assert differing_settings([{"a": 0.0}, {"a": None}, {}]) == {"a": ["0.0", "None", "–"]}
    assert changed_settings({"model": "Pop", "dataset": "x", "epochs": 300, "k": 3}) == {}
