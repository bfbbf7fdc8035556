import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from recbole_opal.serving import load
from recbole_opal.serving.histories import RawHistories

HISTORY = {"histories": [{"user": "ann", "items": ["5", 17, "zz"]}], "k": 6}


def ask(client, **changes):
    return client.post("/recommend", json=HISTORY | changes)


def refused(response, code):
    assert response.status_code == code
    assert set(response.json()) == {"error"}
    told = response.json()["error"]
    assert "\n" not in told
    return told


def test_the_lists_are_those_of_the_recommender(client, bundle):
    answer = ask(client, histories=[*HISTORY["histories"], {"items": ["9"]}]).json()
    lists = load(bundle).lists(RawHistories(["ann", "1"], [["5", "17", "zz"], ["9"]]), k=6)
    assert [each["items"] for each in answer["lists"]] == lists.items()
    assert [each["scores"] for each in answer["lists"]] == [
        pytest.approx(row, abs=1e-6) for row in lists.scores.tolist()
    ]
    assert [each["interests"] for each in answer["lists"]] == lists.interests.tolist()
    assert [each["user"] for each in answer["lists"]] == ["ann", "1"]
    assert [each["unknown"] for each in answer["lists"]] == [["zz"], []]


def test_nothing_known_is_answered_by_popularity_and_marked(client):
    (answer,) = ask(client, histories=[{"items": ["zz"]}], k=3).json()["lists"]
    assert answer["by_popularity"] is True
    assert answer["items"] == ["199", "198", "197"]
    assert answer["scores"] == [199.0, 198.0, 197.0]
    assert answer["interests"] == [-1, -1, -1]


def test_what_may_be_listed_is_chosen(client):
    (plain,) = ask(client).json()["lists"]
    (without,) = ask(client, exclude=plain["items"][:2]).json()["lists"]
    assert without["items"][:4] == plain["items"][2:]
    (among,) = ask(client, only=["1", 2, "5"]).json()["lists"]
    assert sorted(among["items"]) == ["1", "2"]
    (seen,) = ask(client, only=["1", 2, "5"], exclude_seen=False).json()["lists"]
    assert sorted(seen["items"]) == ["1", "2", "5"]


def test_diversity_and_quotas_are_passed_on(client, bundle):
    raw = RawHistories(["ann"], [["5", "17"]])
    for wishes in (
        {"diversity": 0.5},
        {"diversity": 0.3, "rule": "mmr"},
        {"per_interest": 2},
        {"by_share": 1.0},
    ):
        (answer,) = ask(client, histories=[{"items": ["5", "17"]}], **wishes).json()["lists"]
        assert [answer["items"]] == load(bundle).lists(raw, k=6, **wishes).items()


def test_an_item_is_explained(client, bundle):
    answer = client.post("/explain", json={"items": ["5", 17], "item": "9"}).json()
    expected = load(bundle).explain(["5", "17"], "9")
    assert answer["item"] == "9"
    assert answer["rank"] == expected.rank
    assert answer["interest"] == expected.interest
    assert answer["score"] == pytest.approx(expected.score, abs=1e-6)
    assert [each["item"] for each in answer["nearest"]] == [each.item for each in expected.nearest]
    for wrong in ({"items": ["5"], "item": "zz"}, {"items": ["zz"], "item": "9"}):
        assert "zz" in refused(client.post("/explain", json=wrong), 400) or wrong["item"] == "9"


def test_times_go_to_models_that_read_them(make_bundle, make_service):
    client = make_service(make_bundle("timed", model="PIMI"))
    told = refused(ask(client), 400)
    assert "give times" in told
    timed = {"items": ["5", "17"], "times": [1.6e9, 1.7e9]}
    assert len(ask(client, histories=[timed]).json()["lists"][0]["items"]) == 6
    timed["times"].reverse()
    assert "go back" in refused(ask(client, histories=[timed]), 400)


def test_health_and_docs(client):
    health = client.get("/health").json()
    assert health.pop("since").startswith("20")
    assert health.pop("bundle") == ask(client).json()["bundle"]
    assert health == {
        "ok": True,
        "model": "OPAL",
        "stage": "soft",
        "dataset": "tiny",
        "reload_failure": None,
    }
    page = client.get("/docs").text
    assert "by_share" in page
    assert "http://testserver/recommend" in page
    assert "<script" not in page


def test_requests_are_counted_for_prometheus(client):
    ask(client)
    ask(client, k=0)
    client.get("/no/such/path")
    lines = client.get("/metrics").text.splitlines()
    for line in (
        'opal_requests_total{code="200",path="/recommend"} 1.0',
        'opal_requests_total{code="422",path="/recommend"} 1.0',
        'opal_requests_total{code="404",path="other"} 1.0',
        'opal_request_seconds_count{path="/recommend"} 2.0',
        "opal_batch_histories_sum 1.0",
        'opal_model_reloads_total{result="taken_up"} 0.0',
        "opal_waiting_histories 0.0",
    ):
        assert line in lines


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("", 422, "Content-Type: application/json"),
        ("{", 400, "is no JSON"),
        ("[1]", 422, "send a JSON object"),
        ('{"k": 5}', 422, "histories: Field required"),
        ('{"histories": []}', 422, "histories: "),
        ('{"histories": [{"items": [1.0]}]}', 422, "histories[0].items[0]: an id is a text or a"),
        ('{"histories": [{"items": [true]}]}', 422, "not True"),
        ('{"histories": [{"items": [null]}]}', 422, "not None"),
        ('{"histories": [{"items": [NaN]}]}', 400, "is no JSON"),
        ('{"histories": [{"items": ["\\ud800"]}]}', 400, "is no JSON"),
        ('{"histories": [{"items": [' + "9" * 5000 + "]}]}", 400, ""),
        ('{"histories": ' + "[" * 5000, 400, "is no JSON"),
        ('{"histories": [{"items": []}], "diversity": NaN}', 400, "is no JSON"),
        ('{"histories": [{"items": []}], "diversity": Infinity}', 400, "is no JSON"),
        ('{"histories": [{"items": []}], "diversity": 1e999}', 422, "diversity: "),
        ('{"histories": [{"items": []}], "diversity": -1}', 422, "diversity: "),
        ('{"histories": [{"items": []}], "rule": "dice"}', 422, "rule: "),
        ('{"histories": [{"items": []}], "k": 0}', 422, "k: "),
        ('{"histories": [{"items": []}], "k": "5"}', 422, "k: "),
        ('{"histories": [{"items": []}], "k": 5.5}', 422, "k: "),
        ('{"histories": [{"items": []}], "kk": 5}', 422, "kk: "),
        ('{"histories": [{"items": [1], "times": [1, 2]}]}', 400, "1 items and 2 times"),
        ('{"histories": [{"items": [1]}], "only": ["zz"]}', 400, "zz"),
        ('{"histories": [{"items": [1]}], "only": []}', 400, "only"),
    ],
)
def test_bad_input_is_refused_in_one_line(client, body, code, told):
    response = client.post("/recommend", content=body, headers={"content-type": "application/json"})
    assert told in refused(response, code)
    assert ask(client).status_code == 200


def test_what_is_not_json_by_its_header_is_told(client):
    response = client.post("/recommend", content=json.dumps(HISTORY))
    assert "Content-Type" in refused(response, 422)


def test_paths_and_methods_that_are_not_there(client):
    assert "no such path" in refused(client.get("/nothing"), 404)
    response = client.get("/recommend")
    assert "use POST" in refused(response, 405)
    assert response.headers["allow"] == "POST"


def test_a_fault_of_the_service_is_told_and_does_not_end_it(client, monkeypatch):
    monkeypatch.setattr("recbole_opal.serving.Recommender.lists", lambda *_, **__: 1 / 0)
    assert "a fault" in refused(ask(client), 500)
    monkeypatch.undo()
    assert ask(client).status_code == 200


def test_a_thousand_bad_requests_do_not_end_it(client):
    draw = random.Random(1)  # noqa: S311, no secret
    good = json.dumps(HISTORY | {"diversity": 0.5, "only": None}).encode()
    codes = set()
    for _ in range(1000):
        body = bytearray(good)
        for _ in range(draw.randint(1, 8)):
            place = draw.randrange(len(body))
            body[place : place + draw.randint(0, 3)] = draw.randbytes(draw.randint(0, 3))
        response = client.post(
            draw.choice(["/recommend", "/explain"]),
            content=bytes(body),
            headers={"content-type": "application/json"},
        )
        codes.add(response.status_code)
        if response.status_code != 200:
            refused(response, response.status_code)
    assert codes <= {200, 400, 422}
    assert len(codes) > 1
    assert ask(client).status_code == 200


def test_many_at_once_get_what_each_gets_alone(client):
    draw = random.Random(2)  # noqa: S311, no secret
    requests = [
        {
            "histories": [
                {"items": draw.choices(range(1, 250), k=draw.randint(0, 30))}
                for _ in range(draw.randint(1, 4))
            ],
            "k": draw.choice([5, 10]),
            "exclude_seen": draw.random() < 0.5,
        }
        for _ in range(150)
    ]

    def post(request):
        return client.post("/recommend", json=request).json()["lists"]

    alone = list(map(post, requests))
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(post, requests))
    for one, other in zip(alone, together, strict=True):
        for mine, yours in zip(one, other, strict=True):
            assert mine["items"] == yours["items"]
            assert mine["scores"] == pytest.approx(yours["scores"], abs=1e-6)
            assert mine["unknown"] == yours["unknown"]
    sizes = client.get("/metrics").text
    asked = sum(len(request["histories"]) for request in requests)
    assert f"opal_batch_histories_sum {2 * asked}.0" in sizes
