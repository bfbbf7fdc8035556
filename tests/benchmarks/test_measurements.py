"""Every part is measured at a size that takes a moment, and the page is written from that."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from scaling import drawn, histories, indexes, start, steps
from scaling.evaluation import measure_evaluation
from scaling.page import write_page
from scaling.quantities import QUANTITIES


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(steps, "USERS", 200)
    monkeypatch.setattr(steps, "BATCH", 64)
    monkeypatch.setattr(steps, "_STEPS", 2)
    monkeypatch.setattr(start, "_USERS", 200)
    monkeypatch.setattr(histories, "ITEMS", 500)


def measured_alone(folder):
    """Return what `measure_steps` of 3,000 items finds, at the sizes of `small`."""
    code = (
        "import json; from scaling import steps; "
        "steps.USERS, steps.BATCH, steps._STEPS = 200, 64, 2; "
        "print(json.dumps(steps.measure_steps(3000, 0)))"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_each_part_measures_what_is_modelled(small, tmp_path):
    found = {
        "steps": steps.measure_steps(3000, 0),
        "start": start.measure_start(3000, 0),
        "evaluation": measure_evaluation(3000, 0),
        "index": indexes.measure_index(3000, 0),
        "histories": histories.measure_histories(300, 0, tmp_path),
    }
    for quantity in QUANTITIES.values():
        record = {"size": 3000, **found[quantity.part]}
        for reading in record[quantity.readings] if quantity.readings else [{}]:
            value = (record | reading)[quantity.key]
            # A benchmark has a process of its own; this one may have held as much memory before.
            rises = quantity.key in ("memory_bytes", "peak_bytes")
            assert value > 0 or (rises and value == 0), quantity.key
            assert all(np.isfinite(list(quantity.terms(record | reading).values())))
    # The table and two moments, of a process that has no freed memory to put them in.
    assert measured_alone(tmp_path)["memory_bytes"] >= 3001 * 4 * 64 * 3
    assert 512 < found["steps"]["touched_rows"] < 3000
    assert 0.5 < found["index"]["recall"] <= 1
    assert found["histories"]["interactions"] == 20 * 300
    unmapped, later = found["histories"]["gathers"]
    assert unmapped["faults"] >= 3 / histories._GROUP  # each of three files at least once
    assert unmapped["faults"] > later["faults"]
    assert list(tmp_path.iterdir()) == []  # scratch is taken away


def test_drawn_users_leave_no_gap_and_popular_items_come_first():
    blocks = list(drawn.drawn_rows(1000, 400, seed=3))
    users, items = (
        np.concatenate([getattr(b, name) for b in blocks]) for name in ("users", "items")
    )
    assert len(users) == 20_000
    assert set(users.tolist()) == set(range(1, 1001))
    assert items.min() >= 1
    assert items.max() <= 400
    assert np.mean(items <= 100) == pytest.approx(0.5, abs=0.02)  # the root of a quarter
    times = np.concatenate([block.times for block in blocks])
    assert (np.diff(times) >= 0).all()


def searched_by_index(size, lists, nprobe):
    return 1e-4 + 1e-7 * lists + 6e-8 * nprobe * size / lists


def made_up(part, size):
    """Return a measurement by a law that the models hold."""
    lists, rows = round(4 * size**0.5), 15_000.0 * np.log10(size)
    searched = {
        "evaluation": 1e-3 + 2.5e-8 * size,
        "index": searched_by_index(size, lists, 32),
    }
    nprobes, gathers = (8, 32, 128), {"unmapped": 900.0, "later": 0.1 * size**0.5}
    return {
        "part": part, "size": size, "seed": 0, "versions": {"torch": "1"}, "processor": "a chip",
        "touched_rows": 15_000.0, "lists": lists, "interactions": 20 * size,
        "memory_bytes": 776 * size + 1e8, "peak_bytes": 3000 * size + 1e8,
        "soft_step_seconds": 0.02 + 5e-7 * rows, "hard_step_seconds": 0.05 + 5e-7 * rows,
        "seconds_a_user": searched.get(part, 0.0), "build_seconds": 2e-5 * size,
        "train_seconds": 3 + 6.4e-8 * lists**2, "add_seconds": 1e-9 * size * (lists + 1e4),
        "nprobe": 32,
        "searches": [
            {"nprobe": n, "seconds_a_user": searched_by_index(size, lists, n)} for n in nprobes
        ],
        "gathers": [
            {"batches": name, "faults": faults, "gather_seconds": 0.0004 + 5e-6 * faults}
            for name, faults in gathers.items()
        ],
        "index_bytes": 30 * size + 256 * lists, "disk_bytes": 800 * size, "recall": 0.99,
        "held_bytes": 300 * size + 2e8,
    }  # fmt: skip


@pytest.fixture
def measured(tmp_path):
    folder = tmp_path / "measured"
    folder.mkdir()
    for part in {quantity.part for quantity in QUANTITIES.values()}:
        for size in (100_000, 300_000, 1_000_000, 3_000_000):
            (folder / f"{part}-{size}.json").write_text(json.dumps(made_up(part, size)))
    return folder


def test_the_page_answers_from_the_measurements(measured, tmp_path):
    target = tmp_path / "results" / "scale.md"
    write_page(measured, target)
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# Does OPAL scale to billions of items?")
    assert "1. ids, offsets" not in text
    assert "1. item vectors that start by co-occurrence (items)" in text
    assert "723 GiB" in text  # 776 bytes an item, a billion times
    assert "nobody has run them here" in text
    assert f"All {len(QUANTITIES)} parts of the model are within 20 %" in text
    for title in (quantity.title for quantity in QUANTITIES.values()):
        assert f"| {title}, " in text
    ET.parse(target.with_suffix(".svg"))  # noqa: S314
    assert "](scale.svg)" in text
    check = "## Check it\n\n```yaml verify\nfigure: bytes\n```\n"
    target.write_text(f"# Of old\n\n{check}", encoding="utf-8")
    write_page(measured, target)
    assert target.read_text(encoding="utf-8") == f"{text}\n{check}"


def test_a_model_that_missed_is_told_as_such(measured, tmp_path):
    path = measured / "evaluation-3000000.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"seconds_a_user": 2 * record["seconds_a_user"]}))
    write_page(measured, tmp_path / "scale.md")
    text = (tmp_path / "scale.md").read_text(encoding="utf-8")
    assert "exact top 50, a user missed 20 %" in text.replace("\n", " ")
    assert "-50.0% **missed**" in text


def test_without_a_part_there_is_no_page(measured, tmp_path):
    for path in measured.glob("index-*"):
        path.unlink()
    with pytest.raises(SystemExit, match="not measured yet: training IVF-PQ"):
        write_page(measured, tmp_path / "scale.md")
    assert not (tmp_path / "scale.md").exists()
