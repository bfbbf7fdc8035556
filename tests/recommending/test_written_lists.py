"""All formats hold the same lists, whatever stands in the ids."""

import builtins
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.recommending.written_lists import WRITERS, writer_of
from recbole_opal.serving.lists import Lists

TOKENS = ["[PAD]", "007", 'a,"b"', "x\ny", "日本"]


def made(users, seed=0):
    generator = np.random.default_rng(seed)
    ids = generator.integers(1, len(TOKENS), (len(users), 3))
    interests = generator.integers(0, 4, ids.shape).astype(np.int16)
    scores = generator.random(ids.shape, dtype=np.float32)
    ids[0, 2:], interests[0, 2:], scores[0, 2:] = 0, -1, -np.inf
    by_popularity = np.zeros(len(users), dtype=bool)
    by_popularity[-1] = True
    return Lists(users, TOKENS, ids, scores, interests, by_popularity)


PARTS = [made(["u1", "ü;2", 'q"']), made([7, "u5"], seed=1)]


def written(path, parts=PARTS):
    with path.open("wb") as file:
        writer = writer_of(path)(file)
        for part in parts:
            writer.write(part)
        writer.finish()
        assert not file.closed
    return path


@pytest.fixture
def expected():
    return pd.concat([part.to_frame() for part in PARTS], ignore_index=True).astype({"user": str})


def test_csv(tmp_path, expected):
    kinds = {"user": str, "item": str, "score": "float32", "interest": "int16"}
    read = pd.read_csv(written(tmp_path / "l.csv"), dtype=kinds)
    pd.testing.assert_frame_equal(read, expected, check_dtype=False, check_exact=True)
    assert b"\r" not in (tmp_path / "l.csv").read_bytes()


@pytest.mark.parametrize("rows", [1, 5, 100_000])
def test_parquet(tmp_path, expected, monkeypatch, rows):
    monkeypatch.setattr("recbole_opal.recommending.written_lists._ROW_GROUP", rows)
    read = pd.read_parquet(written(tmp_path / "l.parquet"))
    assert read["rank"].dtype == np.int32
    assert read["score"].dtype == np.float32
    pd.testing.assert_frame_equal(read, expected, check_dtype=False, check_exact=True)


def test_json_lines(tmp_path, expected):
    lines = written(tmp_path / "l.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["user"] for record in records] == ["u1", "ü;2", 'q"', "7", "u5"]
    assert [record["by_popularity"] for record in records] == [False, False, True, False, True]
    assert list(records[0]) == ["user", "items", "scores", "interests", "by_popularity"]
    for record in records:
        own = expected[expected.user == record["user"]]
        assert record["items"] == own.item.tolist()
        assert np.array_equal(np.array(record["scores"], dtype=np.float32), own.score)
        assert record["interests"] == own.interest.tolist()


@pytest.mark.parametrize("ending", WRITERS)
def test_no_lists_are_a_file_too(tmp_path, ending):
    path = written(tmp_path / f"l{ending}", parts=[])
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if ending in readers:
        assert list(readers[ending](path)) == list(PARTS[0].to_frame())
    else:
        assert path.read_bytes() == b""


def test_another_ending_is_told():
    with pytest.raises(SettingsError, match=r"l\.xlsx has no known ending; name it \.csv, \.jsonl"):
        writer_of(Path("l.xlsx"))


def test_without_pyarrow_the_command_that_installs_it_is_told(monkeypatch):
    real = builtins.__import__

    def none(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", none)
    with pytest.raises(SettingsError, match=r'pip install "recbole-opal\[parquet\]"'):
        writer_of(Path("l.parquet"))
