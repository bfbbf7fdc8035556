import threading
from pathlib import Path

import pytest

from recbole_opal.runs.origin import Origin
from recbole_opal.side_by_side import execution as module
from recbole_opal.side_by_side.comparison_progress import ComparisonProgress
from recbole_opal.side_by_side.execution import Execution
from recbole_opal.side_by_side.planning import PlannedRun
from recbole_opal.side_by_side.variants import Variant


def planned(model: str, seed: int = 1, digest: str | None = None) -> PlannedRun:
    origin = Origin((digest or f"{model}{seed}").ljust(64, "0"), {}, {})
    return PlannedRun(Variant(model), "tiny", seed, {"seed": seed, "use_gpu": False}, origin)


@pytest.fixture
def execution(fake_worker, tmp_path):
    return Execution(tmp_path / "logs", 2, ComparisonProgress(enabled=False))


@pytest.mark.posix
def test_one_failing_run_takes_none_of_the_others_down(execution, tmp_path):
    models = ["First", "Crash", "Kill", "Refuse", "Last"]
    endings = execution.do([planned(model) for model in models], tmp_path)
    assert [str(ending.folder) for ending in endings[::4]] == ["saved/First", "saved/Last"]
    assert [ending.error is None for ending in endings] == [True, False, False, False, True]
    assert "a bug" in endings[1].error
    assert "SIGKILL" in endings[2].error
    assert "nan" in endings[3].error


def test_equal_runs_are_done_once(execution, tmp_path, capfd):
    runs = [planned("Good", digest="x"), planned("Other"), planned("Good", digest="x")]
    first, _, third = execution.do(runs, tmp_path)
    assert first == third
    assert capfd.readouterr().err.count("begins") == 2


def test_a_finished_run_is_used_again_and_a_cut_one_goes_on(
    execution, tmp_path, run_maker, origin, capfd
):
    run = PlannedRun(Variant("OPAL"), "tiny", 1, {"use_gpu": False, "epochs": 9}, origin)
    half = run_maker(tmp_path, origin, finished=False)
    assert execution.do_one(run, tmp_path).folder == Path("saved/Resumed")
    assert module._job(run, tmp_path, half) == {
        "resume": str(half),
        "settings": {"use_gpu": False, "show_progress": False},
    }
    done = run_maker(tmp_path, origin)
    ending = execution.do_one(run, tmp_path)
    assert (ending.folder, ending.error) == (done, None)
    lines = capfd.readouterr().err
    assert "goes on where it stopped" in lines
    assert "done before" in lines


def test_a_damaged_run_is_left_aside_and_the_run_starts_anew(
    execution, tmp_path, run_maker, origin, capfd
):
    run = PlannedRun(Variant("Anew"), "tiny", 1, {"use_gpu": False}, origin)
    half = run_maker(tmp_path, origin, finished=False)
    (half / "state-1.safetensors").write_bytes(b"rot")
    assert execution.do_one(run, tmp_path).folder == Path("saved/Anew")
    lines = [line for line in capfd.readouterr().err.splitlines() if "left aside" in line]
    assert len(lines) == 1
    assert str(half) in lines[0]


def test_a_new_run_is_told_where_to_go_and_to_hide_its_bar(tmp_path):
    run = PlannedRun(Variant("OPAL"), "tiny", 3, {"seed": 3, "show_progress": True}, None)
    assert module._job(run, tmp_path, None) == {
        "model": "OPAL",
        "dataset": "tiny",
        "settings": {"seed": 3, "show_progress": False, "checkpoint_dir": str(tmp_path)},
    }


def test_an_interrupt_stops_every_worker_and_starts_no_other(execution, tmp_path, capfd):
    begun = threading.Event()

    def work(run):
        begun.set()
        return execution.do_one(run, tmp_path)

    def interrupt(run):
        begun.wait(10)
        raise KeyboardInterrupt

    runs = [(work, planned("Slow")), (interrupt, None), (work, planned("Slow", 2))]
    with pytest.raises(KeyboardInterrupt):
        execution.side_by_side(lambda pair: pair[0](pair[1]), runs)
    assert not execution._workers
    assert execution.do_one(planned("Good"), tmp_path).error == "stopped"


def test_two_jobs_run_at_once(execution):
    meeting = threading.Barrier(2, timeout=10)
    assert execution.side_by_side(lambda item: meeting.wait() >= 0, [1, 2]) == [True, True]
