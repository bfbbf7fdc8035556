import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.encoding import encode_json
from recbole_opal.runs.origin import UNIMPORTANT, Origin, data_digests, settings_digest
from recbole_opal.version import __version__

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1), plain, max_size=5))
def test_the_order_of_settings_does_not_count(settings):
    turned = dict(reversed(settings.items()))
    assert settings_digest(settings) == settings_digest(turned)


@pytest.mark.parametrize("name", sorted(UNIMPORTANT))
def test_where_and_how_loudly_does_not_count(name):
    assert settings_digest({"seed": 1, name: "a"}) == settings_digest({"seed": 1, name: "b"})


@pytest.mark.parametrize(
    "other",
    [{"seed": 2}, {"seed": 1, "x": None}, {"seed": "1"}, {"seed": True}, {"seed": 1.5}, {}],
)
def test_every_other_setting_counts(other):
    assert settings_digest({"seed": 1}) != settings_digest(other)


def test_a_file_s_digest_is_that_of_its_bytes(tmp_path):
    (tmp_path / "tiny.inter").write_bytes(b"user_id:token\n")
    (tmp_path / "tiny.item").write_bytes(b"item_id:token\n")
    (tmp_path / "other.inter").write_bytes(b"x")
    found = data_digests(tmp_path, "tiny", {"inter": ["user_id"]})
    assert found == {"tiny.inter": hashlib.sha256(b"user_id:token\n").hexdigest()}
    everything = data_digests(tmp_path, "tiny", None)
    assert set(everything) == {"tiny.inter", "tiny.item"}
    (tmp_path / "tiny.inter").write_bytes(b"user_id:token!\n")
    assert data_digests(tmp_path, "tiny", {"inter": []}) != found


def test_a_file_that_is_asked_for_and_is_not_there_is_left_to_the_loader(tmp_path):
    assert data_digests(tmp_path, "tiny", {"inter": [], "item": []}) == {}


def test_an_origin_survives_its_file_and_names_the_versions():
    origin = Origin.of({"seed": 1}, {"tiny.inter": "0"})
    assert Origin.from_bytes(encode_json(origin.as_plain())) == origin
    assert origin.versions["recbole_opal"] == __version__
    assert set(origin.versions) == {"recbole_opal", "recbole", "torch", "numpy"}


@pytest.mark.parametrize("data", [b"", b"[]", b'{"settings": "a"}', b"\xff", b"null"])
def test_another_file_is_refused(data):
    with pytest.raises(CheckpointError):
        Origin.from_bytes(data)
