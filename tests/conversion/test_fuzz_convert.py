"""Mangled files: an error in one line, or a data set that can be read; nothing in between."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recbole_opal.conversion.arguments import parse_convert
from recbole_opal.conversion.generic import generic_source
from recbole_opal.conversion.write import write_dataset
from recbole_opal.data.atomic_files import Roles, TableFormat, read_table
from recbole_opal.errors import OpalError

LOG = (
    b"user,item,time,like,tags\n"
    b"u1,a,1650000000,1,x\n"
    b'u1,"b ""c""",1650000001,0,"x,y"\n'
    b"u2,a,1650000002,1,\n"
    b"u2,b,1650000003.5,1,z\n"
)
ITEMS = b'item,tag,size\na,"x,y",1.5\nb,z,\n'
FLAGS = ["--user=user", "--item=item", "--time=time", "--label=like==1", "--keep=tags:token_seq"]
PIECES = st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"\r\n", b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"nan", b"inf"]
    + [b"1e400", b"-", b"1650000000000", b"2022-04-11", b"2022-04-11T12:00:00Z", b"\xe2\x80\xa8"]
    + [b"", b" ", b"[PAD]", b"x" * 1001, b"\xed\xa0\x80", b"9" * 400, b";", b"20220411"]
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.one_of(PIECES, st.binary(max_size=4))),
    min_size=1,
    max_size=5,
)


def mangle(content, edits):
    for share, length, piece in edits:
        at = int(share * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


def convert_and_check(folder, suffix=".csv"):
    """Convert; return whether it succeeded. Whatever is written must be readable."""
    out = folder / "data" / "fuzz"
    argv = [str(folder / f"log{suffix}"), f"--out={out}", *FLAGS]
    argv += [f"--item_file={folder / 'items.csv'}", "--fields=tag:token_seq,size:float"]
    error = None
    try:
        write_dataset(generic_source(parse_convert(argv)), out)
    except OpalError as caught:
        error = str(caught)
    if error is not None:
        assert "\n" not in error
        assert error[-1] in ".?"
        assert not (folder / "data").exists()
        return False
    roles = Roles(["user_id", "item_id"], ["timestamp"])
    _, frame = read_table(out / "fuzz.inter", TableFormat(), roles=roles)
    assert len(frame)
    if (out / "fuzz.item").read_bytes().count(b"\n") > 1:
        read_table(out / "fuzz.item", TableFormat(), roles=Roles(["item_id"]))
    return True


def prepared(tmp_path_factory, log, items=ITEMS, suffix=".csv"):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / f"log{suffix}").write_bytes(log)
    (folder / "items.csv").write_bytes(items)
    return folder


def test_the_log_itself_is_fine(tmp_path_factory):
    assert convert_and_check(prepared(tmp_path_factory, LOG))


FUZZ = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(EDITS)
def test_mangled_logs(tmp_path_factory, edits):
    convert_and_check(prepared(tmp_path_factory, mangle(LOG, edits)))


@pytest.mark.slow
@settings(FUZZ, max_examples=2000, derandomize=False)
@given(EDITS)
def test_two_thousand_mangled_logs(tmp_path_factory, edits):
    convert_and_check(prepared(tmp_path_factory, mangle(LOG, edits)))


@FUZZ
@given(EDITS)
def test_mangled_item_tables(tmp_path_factory, edits):
    convert_and_check(prepared(tmp_path_factory, LOG, mangle(ITEMS, edits)))


@FUZZ
@given(st.binary(max_size=60))
def test_any_bytes(tmp_path_factory, content):
    convert_and_check(prepared(tmp_path_factory, b"user,item,time,like,tags\n" + content))
    convert_and_check(prepared(tmp_path_factory, content))


@FUZZ
@given(EDITS)
def test_mangled_gzip(tmp_path_factory, edits):
    content = mangle(gzip.compress(LOG, mtime=0), edits)
    convert_and_check(prepared(tmp_path_factory, content, suffix=".csv.gz"), ".csv.gz")
