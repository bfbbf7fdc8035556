import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder
from recbole_opal.server.current_model import CurrentModel
from recbole_opal.serving import load

HISTORY = {"histories": [{"items": ["5", "17"]}], "k": 5}


@pytest.fixture
def link(tmp_path, bundle):
    path = tmp_path / "current"
    path.symlink_to(bundle)
    return path


def turn(link, target):
    """Let a link lead elsewhere, in one step."""
    newer = link.with_name("newer")
    newer.symlink_to(target)
    newer.replace(link)


def damage(folder):
    path = next(folder.glob("weights-*"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_a_link_that_was_turned_is_followed(link, make_bundle):
    told = []
    current = CurrentModel(link, load, on_reload=told.append)
    first = current.served
    assert current.look()
    assert current.served is first
    second = make_bundle("second", seed=2)
    turn(link, second)
    assert current.look()
    assert current.served.folder == second
    assert current.served.bundle != first.bundle
    assert told == ["taken_up"]


def test_a_folder_that_was_changed_in_place_is_read_again(bundle):
    current = CurrentModel(bundle, load)
    first = current.served
    folder = RunFolder.open(bundle)
    with folder.update():
        folder.save_json("note.json", "another")
    assert current.look()
    assert current.served.bundle != first.bundle


def test_a_damaged_one_is_told_and_the_old_one_answers(link, make_bundle, caplog):
    told = []
    current = CurrentModel(link, load, on_reload=told.append)
    first = current.served
    second = make_bundle("second", seed=2)
    sound = shutil.copytree(second, second.with_name("sound"))
    damage(second)
    turn(link, second)
    assert not current.look()
    assert not current.look()
    assert current.served is first
    assert "is damaged" in current.failure.error
    assert len(caplog.records) == 1  # not at every look
    turn(link, sound)
    assert current.look()
    assert current.failure is None
    assert told == ["refused", "refused", "taken_up"]


def test_a_path_that_leads_nowhere_is_told(link, tmp_path):
    current = CurrentModel(link, load)
    turn(link, tmp_path / "gone")
    assert not current.look()
    assert "leads nowhere" in current.failure.error
    turn(link, current.served.folder)
    assert current.look()
    with pytest.raises(CheckpointError, match="leads nowhere"):
        CurrentModel(tmp_path / "gone", load)
    with pytest.raises(CheckpointError, match="not a run folder"):
        CurrentModel(tmp_path, load)


def test_every_file_is_verified_also_those_that_are_not_read(bundle):
    folder = RunFolder.open(bundle)
    with folder.update():
        folder.write("items.npy", b"vectors")
    (bundle / "items.npy").write_bytes(b"vectorz")
    with pytest.raises(CheckpointError, match=r"items\.npy is damaged"):
        CurrentModel(bundle, load)


def test_a_fault_of_a_new_one_is_told_not_raised(link, make_bundle):
    def loads_once(folder):
        if folder.name == "second":
            raise MemoryError
        return load(folder)

    current = CurrentModel(link, loads_once)
    turn(link, make_bundle("second", seed=2))
    assert not current.look()
    assert current.failure.error.startswith("MemoryError")


def test_no_request_is_lost_while_the_bundle_changes(link, make_bundle, make_service):
    client = make_service(link, every=0.05)
    folders = [link.resolve(), *(make_bundle(f"next{seed}", seed) for seed in (2, 3))]
    expected = {}
    stop = threading.Event()

    def ask():
        answers = []
        while not stop.is_set():
            response = client.post("/recommend", json=HISTORY)
            answers.append((response.status_code, response.json()))
        return answers

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            for folder in folders:
                turn(link, folder)
                wait_for(
                    lambda name=folder.name: client.app.state.current.served.folder.name == name
                )
                (alone,) = client.post("/recommend", json=HISTORY).json()["lists"]
                expected[client.get("/health").json()["bundle"]] = alone["items"]
        finally:
            stop.set()
    answers = [answer for each in asking for answer in each.result()]
    assert {code for code, _ in answers} == {200}
    assert {body["bundle"] for _, body in answers} == set(expected)
    assert len(expected) == 3
    assert all(body["lists"][0]["items"] == expected[body["bundle"]] for _, body in answers)


def test_health_tells_a_bundle_that_could_not_be_taken_up(link, make_bundle, make_service):
    client = make_service(link, every=0.05)
    second = make_bundle("second", seed=2)
    damage(second)
    turn(link, second)
    wait_for(lambda: client.get("/health").json()["reload_failure"])
    health = client.get("/health").json()
    assert health["ok"] is True
    assert "is damaged" in health["reload_failure"]["error"]
    assert client.post("/recommend", json=HISTORY).status_code == 200
    assert 'opal_model_reloads_total{result="refused"} 0.0' not in client.get("/metrics").text


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
