"""The service over what `export` wrote: a run, its bundle, and a bundle in that one's place."""

import threading
import warnings

import pytest

import recbole_opal
from recbole_opal.exporting.bundle import write_bundle
from recbole_opal.exporting.options import Export

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

HISTORY = ["i1", "i2", "i30"]
ASKED = {"histories": [{"items": HISTORY}], "k": 8}


def assert_lists_of(folder, answer):
    (given,) = answer["lists"]
    expected = recbole_opal.load(folder).recommend([HISTORY], k=8)
    assert given["items"] == expected["item"].tolist()
    assert given["scores"] == pytest.approx(expected["score"].tolist(), abs=1e-6)


def test_a_run_then_its_bundle_then_another_in_its_place_without_a_lost_request(trained, tmp_path):
    from recbole_opal.server.app import create_app
    from recbole_opal.server.current_model import CurrentModel
    from recbole_opal.server.limits import Limits
    from recbole_opal.serving import load

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using .httpx.")  # a successor is not out
        from starlette.testclient import TestClient

    place = write_bundle(trained, tmp_path / "b", Export(program=False, onnx=False))
    link, newer = tmp_path / "current", tmp_path / "newer"
    link.symlink_to(trained)
    current = CurrentModel(link, load, every=60.0)
    done, codes = threading.Event(), []
    with TestClient(create_app(current, Limits())) as client:

        def ask():
            while not done.is_set():
                codes.append(client.post("/recommend", json=ASKED).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            answers = [client.post("/recommend", json=ASKED).json()]
            assert_lists_of(trained, answers[-1])
            newer.symlink_to(place)
            newer.replace(link)
            for retrieval in ("faiss", "hnsw"):
                options = Export(retrieval=retrieval, program=False, onnx=False)
                write_bundle(trained, place, options, replace=True)
                assert current.look()
                answers.append(client.post("/recommend", json=ASKED).json())
                assert_lists_of(place, answers[-1])
        finally:
            done.set()
            asking.join()
    assert set(codes) == {200}
    assert len({answer["bundle"] for answer in answers}) == 3
