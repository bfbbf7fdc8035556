import csv
import io
import json
import subprocess
import sys
import time

import pytest

from recbole_opal.run_list.listing import summaries
from recbole_opal.runs import RunFolder


def test_a_line_a_run_newest_first_with_what_it_reached(saved, names, runs):
    code, out, err = runs("list")
    assert (code, err) == (0, "")
    header, *lines, total = out.splitlines()
    assert header.split()[:7] == ["run", "model", "dataset", "stage", "valid", "test", "when"]
    assert sorted(line.split()[0] for line in lines) == sorted(names)
    metrics = RunFolder.open(saved / names[0]).load_json("metrics.json")["stages"]["soft"]
    line = next(line for line in lines if names[0] in line)
    assert f"Recall@10 {metrics['valid']['recall@10']:.4f}" in line
    assert f"{metrics['test']['recall@10']:.4f}" in line
    assert "finished" in line
    assert total.startswith("2 runs, ")
    assert runs() == (code, out, err)  # without a word


def test_json_and_csv_tell_all_that_is_known(saved, names, runs):
    _, out, _ = runs("list", "--json")
    plain = {run["name"]: run for run in json.loads(out)}
    assert set(plain) == set(names)
    run = plain[names[0]]
    size = sum(path.stat().st_size for path in (saved / names[0]).rglob("*"))
    assert run["bytes"] == size
    assert (run["model"], run["dataset"], run["stage"], run["seed"]) == (
        "OPAL",
        "tiny",
        "soft",
        2020,
    )
    _, out, _ = runs("list", "saved", "--csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(out))}
    assert float(rows[names[0]]["test"]) == run["test"]
    assert rows[names[0]]["path"] == f"saved/{names[0]}"


def test_it_is_sorted_and_filtered_as_asked(saved, names, runs):
    _, out, _ = runs("list", "--json", "--sort=valid")
    values = [run["valid"] for run in json.loads(out)]
    assert values == sorted(values, reverse=True)
    _, out, _ = runs("list", "--json", "--sort=name")
    assert [run["name"] for run in json.loads(out)] == sorted(names)
    _, out, _ = runs("list", "--json", "--model=opal", "--dataset=TINY")
    assert len(json.loads(out)) == 2
    assert runs("list", "--model=MIND") == (0, "no runs in saved\n", "")


def test_states_are_told_with_what_to_do(saved, names, runs):
    RunFolder.open(saved / names[0]).drop("metrics.json")
    weights = saved / names[1] / "weights-soft.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (saved / "broken").mkdir()
    (saved / "broken" / "manifest.json").write_text("{}")
    (saved / "no-run").mkdir()
    _, out, _ = runs("list")
    assert f"to go on with {names[0]}: " in out
    assert f"--resume=saved/{names[0]}" in out
    assert f"{names[1]} is damaged: saved/{names[1]}/weights-soft.safetensors is damaged" in out
    assert "broken is damaged: saved/broken/manifest.json is damaged" in out
    assert "no-run" not in out
    with RunFolder.open(saved / names[0]).working():
        _, out, _ = runs("list", "--json")
    states = {run["name"]: run["state"] for run in json.loads(out)}
    assert states == {names[0]: "running", names[1]: "damaged", "broken": "damaged"}


def test_runs_of_comparisons_are_known_and_found_inside_them(saved, names, runs):
    folder = saved / "comparison-tiny-0123abcd"
    (folder / "trials").mkdir(parents=True)
    rows = [{"runs": {"1": f"../{names[0]}", "2": "../gone"}}, {"runs": None}]
    (folder / "comparison.json").write_text(json.dumps({"rows": rows}))
    (saved / names[1]).rename(folder / "trials" / names[1])
    _, out, _ = runs("list", "--json")
    plain = {run["name"]: run for run in json.loads(out)}
    assert plain[names[0]]["comparisons"] == [folder.name]
    assert plain[f"{folder.name}/trials/{names[1]}"]["comparisons"] == []
    _, out, _ = runs("list", folder, "--json")
    assert {run["name"] for run in json.loads(out)} == {f"../{names[0]}", f"trials/{names[1]}"}
    (folder / "comparison.json").write_text("[]")
    assert len(json.loads(runs("list", "--json")[1])) == 2
    assert f"of {folder.name}" not in runs("list")[1]


def test_hundreds_take_a_moment(tmp_path, run_maker, origin):
    for seed in range(40):
        run_maker(tmp_path, origin, seed=seed)
    started = time.process_time()
    found = summaries(tmp_path)
    assert time.process_time() - started < 0.4
    assert {run.state for run in found} == {"finished"}
    assert sorted(run.seed for run in found) == list(range(40))


def test_neither_torch_nor_pandas_is_waited_for(saved, tmp_path):
    code = (
        "import sys; from recbole_opal.cli import main; assert main(['runs', 'list']) == 0; "
        "print({'torch', 'pandas', 'recbole'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_bundle_is_told_as_such(saved, names, runs, refused):
    run = RunFolder.open(saved / names[0])
    run.save_json("bundle.json", {"format": 1})
    _, out, _ = runs("list")
    assert " bundle " in next(line for line in out.splitlines() if names[0] in line)
    assert "name the run that it was exported from" in refused("compare", *names)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["list", "nowhere"], "nowhere is no folder"),
        (["list", "--sort=tset"], "did you mean test?"),
        (["list", "--json", "--csv"], "keep one of them"),
        (["list", "saved", "saved"], "2 folders are named"),
        (["list", "--modle=OPAL"], "did you mean --model?"),
        (["lists"], "did you mean list?"),
        (["list", "--json=maybe"], "must be True or False"),
    ],
)
def test_what_is_typed_wrongly_is_one_line(saved, refused, argv, told):
    assert told in refused(*argv)


def test_help(runs):
    code, out, _ = runs("--help")
    assert code == 0
    assert "remove RUN ...: delete runs" in out
