import json

import pytest

HISTORY = {"items": ["5", "17"]}


@pytest.fixture
def client(bundle, make_service):
    return make_service(bundle, max_batch=3, max_k=10, max_history=4, max_body=500)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/recommend", {"histories": [HISTORY] * 4}, "limit of 3; split the batch"),
        ("/recommend", {"histories": [HISTORY], "k": 11}, "larger --max_k"),
        ("/recommend", {"histories": [{"items": [1] * 5}]}, "larger --max_history"),
        ("/explain", {"items": [1] * 5, "item": 2}, "5 items in the history"),
    ],
)
def test_what_is_above_a_limit_is_refused_by_its_name(client, path, body, told):
    response = client.post(path, json={"k": 5, **body} if path == "/recommend" else body)
    assert response.status_code == 400
    assert told in response.json()["error"]


def test_at_the_limit_is_answered(client):
    body = {"histories": [{"items": [1, 2, 3, 4]}] * 3, "k": 10}
    assert client.post("/recommend", json=body).status_code == 200


def test_a_large_body_is_refused_with_and_without_a_stated_length(client):
    whole = json.dumps({"histories": [HISTORY], "k": 5}).encode().ljust(501)
    kind = {"content-type": "application/json"}
    for content in (whole, iter([whole[:250], whole[250:]]), iter([b" " * 400] * 100)):
        response = client.post("/recommend", content=content, headers=kind)
        assert response.status_code == 413
        assert "500 bytes" in response.json()["error"]
        assert "--max_body" in response.json()["error"]
        assert response.headers["connection"] == "close"
    asking = kind | {"expect": "100-continue"}
    assert client.post("/recommend", content=whole, headers=asking).status_code == 413
    assert client.post("/recommend", content=whole[:500], headers=kind).status_code == 200


def test_the_limits_stand_in_the_openapi(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    fields = schemas["RecommendRequest"]["properties"]
    assert fields["histories"]["maxItems"] == 3
    assert fields["k"]["maximum"] == 10
    assert schemas["UserHistory"]["properties"]["items"]["maxItems"] == 4


def test_more_than_can_wait_are_told_to_come_again(client, monkeypatch):
    import threading
    from concurrent.futures import ThreadPoolExecutor

    from recbole_opal.serving import Recommender

    gate, lists = threading.Event(), Recommender.lists

    def slow(self, *arguments, **wishes):
        gate.wait(10)
        return lists(self, *arguments, **wishes)

    monkeypatch.setattr(Recommender, "lists", slow)

    def post(_):
        return client.post("/recommend", json={"histories": [HISTORY] * 3, "k": 5})

    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(post, number) for number in range(20)]  # 16 may wait, 1 is answered
        while sum(each.done() for each in asked) < 2:
            pass
        gate.set()
    answers = [each.result() for each in asked]
    codes = [each.status_code for each in answers]
    assert codes.count(503) >= 2
    assert codes.count(200) + codes.count(503) == 20
    full = next(each for each in answers if each.status_code == 503)
    assert full.headers["retry-after"] == "1"
    assert "ask again" in full.json()["error"]
    assert post(0).status_code == 200
