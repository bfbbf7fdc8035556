from recbole_opal.conversion.convert_command import main
from recbole_opal.conversion.write import write_dataset
from tests.conversion.reading import frame_source

ROWS = [
    [("u", "a", 1.0), ("u", "b", 1.0), ("u", " a", 1.0), ("v", "a", 1.0)],
    [("u", "a", 2.0), ("u", "a", 1.0), ("a", "u", 1.0), ("v", "a", 0.0), ("v", "a", -0.0)],
]


def source():
    return frame_source([row for rows in ROWS for row in rows])


def test_exact_duplicates_are_counted_across_chunks(tmp_path):
    written = write_dataset(source(), tmp_path / "m")
    assert (written.rows, written.duplicates, written.tally.dropped) == (9, 3, {})


def test_exact_duplicates_can_be_dropped_and_the_first_stay(tmp_path):
    written = write_dataset(source(), tmp_path / "m", drop_duplicates=True)
    assert (written.rows, written.duplicates) == (6, 0)
    assert written.tally.dropped == {"an exact duplicate (user, item, time)": 3}
    rows = (tmp_path / "m/m.inter").read_text().splitlines()[1:]
    assert rows == ["u\ta\t1", "u\tb\t1", "v\ta\t1", "u\ta\t2", "a\tu\t1", "v\ta\t0"]


def test_the_flag_is_for_public_data_sets_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    rows = "user,item,timestamp\n" + "1,5,1650000000123\n" * 3
    (tmp_path / "raw" / "MicroLens-50k_pairs.csv").write_text(rows)
    assert main(["raw", "--out=m", "--drop-duplicates"]) == 0
    assert (tmp_path / "m/m.inter").read_text().count("\n") == 2
