import bz2
import gzip
import lzma
import sys

import pytest

from recbole_opal import convert
from recbole_opal.errors import DataError
from recbole_opal.tables.packed_text import opened_text

ROLES = {"user": "u", "item": "i"}


@pytest.mark.parametrize("name", ["log.csv.gz", "log.csv.GZ", "log", "log.csv"])
def test_gzip_is_unpacked_whatever_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(b"user,time\n", mtime=0))
    with opened_text(tmp_path / name, "utf-8") as text:
        assert text.read() == "user,time\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", bz2.compress(b"a"), "is compressed; unpack it with bunzip2"),
        ("log.csv", lzma.compress(b"a"), "is compressed; unpack it with unxz"),
        ("log.csv.zst", b"\x28\xb5\x2f\xfd\0\0", "is no whole zstd file"),
        ("log.csv.zst", b"user,time\n", "is no whole zstd file"),
        ("log.zip", b"PK\x03\x04\0\0", "is compressed; unpack it with unzip"),
        ("log.XLSX", b"PK\x03\x04\0\0", "is a spreadsheet; save its sheet as csv"),
    ],
)
def test_other_packing_is_told(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    if name.endswith("zst"):
        pytest.importorskip("pyarrow")
    with (
        pytest.raises(DataError, match=f"{name} {message}"),
        opened_text(tmp_path / name, "utf-8") as text,
    ):
        text.read()


ROWS = "".join(f"u{row},i{row % 7},{1_600_000_000 + row},{row % 2}\n" for row in range(500))
RECORDS = "".join(f'{{"u": "0{row}", "i": "x", "t": {1_600_000_000 + row}}}\n' for row in range(9))


@pytest.fixture
def pack():
    """Return what packs bytes by zstd, in two frames, as files joined."""
    arrow = pytest.importorskip("pyarrow")

    def packed(content):
        parts = content[: len(content) // 2], content[len(content) // 2 :]
        return b"".join(arrow.compress(part, codec="zstd", asbytes=True) for part in parts)

    return packed


@pytest.mark.parametrize("name", ["log.csv.zst", "log.csv"])
def test_zstd_is_read_as_the_plain_file_is(tmp_path, pack, name):
    content = ("u,i,t,l\n" + ROWS).encode()
    made = []
    for place, written in ((tmp_path / "plain.csv", content), (tmp_path / name, pack(content))):
        place.write_bytes(written)
        convert(place, tmp_path / f"{place.name}-made", **ROLES, label="l==1", time="t")
        made.append((tmp_path / f"{place.name}-made/{place.name}-made.inter").read_bytes())
    assert made[0] == made[1]
    assert made[0].count(b"\n") == 251


def test_records_packed_by_zstd(tmp_path, pack):
    (tmp_path / "log.jsonl.zst").write_bytes(pack(RECORDS.encode()))
    assert convert(tmp_path / "log.jsonl.zst", tmp_path / "m", **ROLES, time="t").users == 9
    assert (tmp_path / "m/m.inter").read_text().splitlines()[1] == "00\tx\t1600000000"


def test_a_line_of_a_file_packed_by_zstd_is_named(tmp_path, pack):
    (tmp_path / "log.csv.zst").write_bytes(pack(("u,i,t,l\n" + ROWS + "u,i\n").encode()))
    with pytest.raises(DataError, match=r"log\.csv\.zst, line 502: 2 fields, but the header has 4"):
        convert(tmp_path / "log.csv.zst", tmp_path / "m", **ROLES, time="t")
    (tmp_path / "log.csv.zst").write_bytes(pack(("u,i,t,l\n" + ROWS).encode())[:-9])
    with pytest.raises(DataError, match="no whole zstd file"):
        convert(tmp_path / "log.csv.zst", tmp_path / "m", **ROLES, time="t")


def test_without_pyarrow_zstd_is_told(tmp_path, pack, monkeypatch):
    (tmp_path / "log.csv.zst").write_bytes(pack(("u,i,t,l\n" + ROWS).encode()))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match="needs pyarrow; install it with .*, or unpack the file"):
        convert(tmp_path / "log.csv.zst", tmp_path / "m", **ROLES, time="t")
