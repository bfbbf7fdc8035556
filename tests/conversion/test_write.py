import errno

import pytest
import yaml

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.write import write_dataset
from recbole_opal.data.generated_settings import SYNTHETIC_YAML
from recbole_opal.data.target import check_target
from recbole_opal.errors import DataError
from tests.conversion.reading import frame_source

TAG = Column("tag", "token")


def source(*chunks, items=None, extra=(), fields=(TAG,)):
    rows = [row for chunk in chunks for row in chunk]
    table = None if items is None else [row for chunk in items for row in chunk]
    return frame_source(rows, table, extra, fields)


def test_files_counts_and_reasons(tmp_path):
    chunks = [
        [("u", " a ", 1.0), ("v", "a", 2.5), ("", "a", 3.0)],
        [("u", "b", 9.0), ("u", "NULL", 1.0), (None, "b", 1.0), ("u", "b", -1.0)],
    ]
    items = [[("a", "x"), ("c", "y"), ("a", "z")], [("a", "w"), ("c", "y"), ("", "x")]]
    written = write_dataset(source(*chunks, items=items), tmp_path / "new" / "mine")
    assert (tmp_path / "new/mine/mine.inter").read_text().splitlines() == [
        "user_id:token\titem_id:token\ttimestamp:float",
        "u\ta\t1",
        "v\ta\t2.5",
        "u\tb\t9",
    ]
    # The first row of an item counts; what nobody met is left out.
    assert (tmp_path / "new/mine/mine.item").read_text() == "item_id:token\ttag:token\na\tx\n"
    assert (written.rows, written.users, written.items) == (3, 2, 2)
    assert (written.first, written.last) == (1.0, 9.0)
    assert (written.described, written.unmet) == (1, 1)
    assert written.tally.dropped == {
        "no user": 2,
        "no item": 1,
        "time is no number from 0 to 9e15": 1,
    }


def test_ids_are_the_same_with_and_without_what_cannot_be_seen(tmp_path):
    rows = [("\ufeffu", "a", 1.0), (" u", "\ufeff a", 2.0), ("\ufeff", "a", 3.0)]
    written = write_dataset(source(rows, items=[[("a\ufeff", "x\ufeffy")]]), tmp_path / "m")
    assert (written.users, written.items) == (1, 1)
    assert written.tally.dropped == {"no user": 1}
    assert (tmp_path / "m/m.inter").read_text().endswith("\nu\ta\t1\nu\ta\t2\n")
    assert (tmp_path / "m/m.item").read_text().endswith("\na\txy\n")


def test_categories_are_named_beside_the_data(tmp_path):
    written = write_dataset(source([("u", "a", 1.0)], items=[[("a", "x")]]), tmp_path / "m")
    assert written.categories == "tag"
    assert yaml.safe_load((tmp_path / "m/m.yaml").read_text()) == {"category_field": "tag"}
    rows = [("u", "a", 1.0), ("u", "b", 1.0)]
    write_dataset(source(rows, items=[[("a", "x")]]), tmp_path / "m")
    assert yaml.safe_load((tmp_path / "m/m.yaml").read_text()) == {
        "category_field": "tag",
        "filter_inter_by_user_or_item": False,
    }
    again = write_dataset(source([("u", "b", 1.0)]), tmp_path / "m")
    assert [path.name for path in again.removed] == ["m.item", "m.yaml"]
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["m.inter"]


def test_columns_go_by_their_places_whatever_their_names(tmp_path):
    extra = (Column("time", "float"), Column("user", "token"))
    fields = (Column("item", "token"), Column("cat", "token"))
    items = [("a", "Alien", "9"), ("b", "Brazil", "9")]
    rows = [("u", "a", 1.0, 7.5, "x")]
    write_dataset(source(rows, items=[items], extra=extra, fields=fields), tmp_path / "m")
    assert (tmp_path / "m/m.inter").read_text() == (
        "user_id:token\titem_id:token\ttimestamp:float\ttime:float\tuser:token\nu\ta\t1\t7.5\tx\n"
    )
    text = "item_id:token\titem:token\tcat:token\na\tAlien\t9\n"
    assert (tmp_path / "m/m.item").read_text() == text


@pytest.mark.parametrize("rows", [[], [("c", "y")]])
def test_a_table_without_any_item_of_the_log_is_an_error(tmp_path, rows):
    with pytest.raises(DataError, match="no item of the log is in the frame; .* --item_key"):
        write_dataset(source([("u", "a", 1.0)], items=[rows]), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_settings_written_by_hand_are_kept(tmp_path):
    settings = tmp_path / "m" / "m.yaml"
    settings.parent.mkdir()
    settings.write_text("USER_ID_FIELD: uid\n")
    for items in ([[("a", "x")]], None):
        written = write_dataset(source([("u", "a", 1.0)], items=items), tmp_path / "m")
        assert (written.kept, written.categories) == (settings, None)
        assert settings.read_text() == "USER_ID_FIELD: uid\n"


def test_what_else_described_the_old_log_goes(tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    for name in ("m.user", "truth.npz", "m.link", "n.user"):
        (folder / name).write_text("old")
    (folder / "m.yaml").write_bytes(SYNTHETIC_YAML)  # of synthesize
    written = write_dataset(source([("u", "a", 1.0)]), folder)
    assert {path.name for path in written.removed} == {"m.user", "truth.npz", "m.yaml"}
    assert {path.name for path in folder.iterdir()} == {"m.inter", "m.link", "n.user"}


def test_further_columns_stand_behind(tmp_path):
    extra = (Column("tab", "token"), Column("play", "float"))
    write_dataset(source([("u", "a", 1.0, "x", None)], extra=extra), tmp_path / "m")
    lines = (tmp_path / "m/m.inter").read_text().splitlines()
    assert lines[0].endswith("\ttab:token\tplay:float")
    assert lines[1] == "u\ta\t1\tx\t"


def test_progress_is_told(tmp_path):
    told = []
    log = source([("u", "a", 1.0)], [], items=[[("a", "x")]])
    write_dataset(log, tmp_path / "m", lambda *done: told.append(done))
    assert told


@pytest.mark.parametrize("existing", [False, True])
def test_nothing_is_left_after_an_error_half_way(tmp_path, existing):
    folder = tmp_path / "sub" / "mine"
    if existing:
        write_dataset(source([("old", "old", 1.0)]), folder)
    before = sorted(tmp_path.rglob("*"))
    broken = source([("u", "a", 1.0)], [("u", "x\ty", 1.0)])
    with pytest.raises(DataError, match="row 2: .* holds a tab"):
        write_dataset(broken, folder)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, code):
    def full(descriptor):
        raise OSError(code, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="cannot write .*mine.inter .No space left"):
        write_dataset(source([("u", "a", 1.0)]), tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


def test_a_log_of_which_nothing_is_left_is_told_with_reasons(tmp_path):
    empty = source([("", "a", 1.0)] * 2)
    with pytest.raises(DataError, match=r"no interaction is left of 2 rows \(2 no user\)"):
        write_dataset(empty, tmp_path / "m")
    with pytest.raises(DataError, match="no rows below its header"):
        write_dataset(source([]), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_overwriting_takes_the_old_items_away(tmp_path):
    folder = tmp_path / "mine"
    write_dataset(source([("u", "a", 1.0)], items=[[("a", "x")]]), folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="--overwrite=True"):
        check_target(folder, overwrite=False)
    check_target(folder, overwrite=True)
    write_dataset(source([("v", "b", 1.0)]), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["mine.inter", "notes.txt"]
    assert "v\tb\t1\n" in (folder / "mine.inter").read_text()
