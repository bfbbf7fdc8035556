import bz2
import gzip
import lzma

import pytest

from recbole_opal.conversion.text_file import opened_text
from recbole_opal.errors import DataError


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
        ("log.csv.zst", b"\x28\xb5\x2f\xfd\0\0", "is compressed; unpack it with unzstd"),
        ("log.zip", b"PK\x03\x04\0\0", "is compressed; unpack it with unzip"),
        ("log.XLSX", b"PK\x03\x04\0\0", "is a spreadsheet; save its sheet as csv"),
    ],
)
def test_other_packing_is_told(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with (
        pytest.raises(DataError, match=f"{name} {message}"),
        opened_text(tmp_path / name, "utf-8"),
    ):
        pass
