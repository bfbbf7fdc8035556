import csv
import io
import re

import numpy as np
import pytest

from recbole_opal.errors import RetrievalError
from recbole_opal.index_report import report
from recbole_opal.index_report.measuring import measure_kind
from recbole_opal.index_report.queries import _drawn, queries_of
from recbole_opal.runs import RunFolder
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.load import load


def test_table_advice_and_three_files(run, index, tmp_path):
    code, out, err = index(run, "--k=5", "--out=here/deep")
    assert (code, err) == (0, "")
    place = tmp_path / "here" / "deep"
    assert out.splitlines()[-1] == "index report: here/deep/index.html"
    assert "Keep the exact search" in out
    assert "48 items of width 9; 48 users of 3 interests" in out  # one is the prior
    rows = list(csv.DictReader(io.StringIO((place / "index.csv").read_text())))
    assert rows[0]["kind"] == "torch"
    assert {row["kind"] for row in rows} == {"torch", "faiss", "sq8", "ivf-flat", "ivf-pq", "hnsw"}
    assert all(0 <= float(row["recall"]) <= 1 for row in rows)
    text = (place / "index.md").read_text()
    assert text.count("| hnsw") == sum(row["kind"] == "hnsw" for row in rows)
    assert "--k=5 --out=here/deep" in text
    page = (place / "index.html").read_text()
    assert "Recall against time" in page
    assert len(re.findall("<svg", page)) == 2
    drawn = page[page.index("<svg") : page.rindex("</svg>")]
    assert "nan" not in drawn


def test_only_the_kinds_that_are_asked_for_and_the_files_beside_the_run(run, index):
    code, out, _ = index(run, "--k=5", "--kinds=hnsw", "--users=7", "--batch=1", "--threads=2")
    assert code == 0
    assert "7 users of 3 interests, 1 at once; lists of 5; 2 threads" in out
    assert "ivf" not in out
    assert (run / "index.html").exists()


def test_users_are_drawn_always_alike(run):
    recommender = load(run)
    one, other = (queries_of(recommender, 9) for _ in range(2))
    assert len(one) == 9
    assert np.array_equal(one.interests, other.interests)
    every = queries_of(recommender, 1000)
    assert len(every) == 48
    saved = RunFolder.open(run).load_arrays("histories-test.npz")
    users = np.repeat(saved["user_id"], saved["lengths"])
    distinct = len({*zip(users.tolist(), saved["items"].tolist(), strict=True)})
    assert len(every.seen[0]) == distinct


def test_users_of_a_file_of_whom_an_item_is_known_are_searched_for(run, tmp_path):
    lines = ["user_id,item_id,timestamp", "z,nothing,1", "a,i1,1", "a,i2,2", "b,i3,1"]
    (tmp_path / "mine.csv").write_text("\n".join(lines) + "\n")
    queries = queries_of(load(run), 9, tmp_path / "mine.csv")
    assert len(queries) == 2
    assert queries.seen[0].tolist() == [0, 0, 1]


def test_users_are_drawn_from_all_of_a_long_source_in_their_order():
    def batches():
        for start in range(0, 5000, 1000):
            users = list(range(start, start + 1000))
            yield RawHistories(users, [[user] for user in users], [[float(u)] for u in users])

    drawn = _drawn(batches(), 100)
    assert len(drawn.users) == 100
    assert list(drawn.users) == sorted(drawn.users)
    assert [items[0] for items in drawn.items] == [times[0] for times in drawn.times]
    assert [items[0] for items in drawn.items] == list(drawn.users)
    counts = np.histogram(drawn.users, bins=5, range=(0, 5000))[0]
    assert counts.min() >= 10


def test_a_kind_that_does_not_fit_is_told_beside_what_does(run, index, monkeypatch):
    def measured(kind, *given):
        if kind == "ivf-pq":
            raise RetrievalError("codes of 8 bits need 256 items")
        return measure_kind(kind, *given)

    monkeypatch.setattr(report, "measure_kind", measured)
    code, out, _ = index(run, "--k=5", "--kinds=ivf-pq,hnsw", "--users=9")
    assert code == 0
    assert "codes of 8 bits need 256 items" in out
    assert "Not measured" in (run / "index.html").read_text()
    assert "hnsw" in out


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "k=50 is more than the 48 items"),
        (["--k=0"], "--k=0 must be a whole number from 1"),
        (["--users=many"], "must be a whole number from 1"),
        (["--kinds=hnws"], "did you mean hnsw?"),
        (["--kinds="], "is empty"),
        (["--kind=hnsw"], "did you mean --kinds?"),
        (["--k=5", "--stage=hard"], "stage 'hard'"),
        (["--k=5", "--histories=nowhere.csv"], "nowhere.csv"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(run, index, flags, told):
    code, out, err = index(run, *flags)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert not list(run.glob("index.*"))


def test_a_run_is_named_by_its_name_in_saved_too(run, index, tmp_path):
    (tmp_path / "saved").mkdir()
    run.rename(tmp_path / "saved" / "mine")
    code, out, _ = index("mine", "--k=5", "--kinds=hnsw", "--users=2")
    assert (code, out.splitlines()[-1]) == (0, "index report: saved/mine/index.html")
    assert index("mine", "--k=500", "--out=deep")[0] == 2
    assert not (tmp_path / "deep").exists()


def test_a_folder_that_takes_no_files_is_told_before_anything_is_measured(
    run, index, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("x")
    assert "file is no folder; name another folder" in index(run, "--k=5", "--out=file/deep")[2]
    monkeypatch.setattr(report.os, "access", lambda *_: False)  # for root, all is writable
    assert "nobody may write there; name another folder" in index(run, "--k=5")[2]


def test_a_run_without_histories_says_what_to_give(run, index):
    RunFolder.open(run).drop("histories-test.npz")
    assert "give --histories=FILE" in index(run, "--k=5")[2]
    assert "no run is named; usage: " in index()[2]
