"""JSON, YAML and npz: exact where the format allows it, refused where it would run code."""

import io
import json
import math
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import encoding

plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False).filter(math.isfinite),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4)
    ),
    max_leaves=12,
)


@given(plain_json)
def test_json_round_trip(value: Any) -> None:
    assert encoding.decode_json(encoding.encode_json(value), "a.json") == value


def test_json_is_utf8_in_insertion_order_and_strict() -> None:
    value = {"z": np.float32(0.5), "a": [math.inf, -math.inf, math.nan, np.int64(3)], "ü": (1,)}
    data = encoding.encode_json(value, indent=None)
    assert data.decode() == '{"z": 0.5, "a": [null, null, null, 3], "ü": [1]}\n'


def test_json_refuses_other_types() -> None:
    with pytest.raises(TypeError):
        encoding.encode_json({"a": object()})


def test_lines_hold_one_object_each() -> None:
    data = encoding.encode_lines([{"epoch": 0, "text": "a\nb\u2028"}, {"epoch": 1}])
    lines = data.splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1]
    assert encoding.encode_lines([]) == b""


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_broken_json_is_named(data: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"ids\.json is not readable as JSON"):
        encoding.decode_json(data, "ids.json")


@given(st.dictionaries(st.text(), plain_json, max_size=5))
def test_yaml_round_trip(value: dict[str, Any]) -> None:
    assert encoding.decode_yaml(encoding.encode_yaml(value), "config.yaml") == value


def test_yaml_keeps_order_and_small_floats() -> None:
    value = {"weight_decay": 1e-05, "alpha": None, "stages": ["soft", "hard"]}
    decoded = encoding.decode_yaml(encoding.encode_yaml(value), "config.yaml")
    assert decoded == value
    assert list(decoded) == list(value)
    assert isinstance(decoded["weight_decay"], float)


def test_yaml_refuses_objects_both_ways() -> None:
    with pytest.raises(yaml.YAMLError):
        encoding.encode_yaml({"a": object()})
    attack = b"a: !!python/object/apply:os.system ['exit 1']\n"
    with pytest.raises(CheckpointError, match=r"config\.yaml is not readable as YAML") as caught:
        encoding.decode_yaml(attack, "config.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"- a\n", b"text", b"\xff", b"a: [", b"a: *b"])
def test_yaml_without_a_mapping_is_named(data: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"config\.yaml"):
        encoding.decode_yaml(data, "config.yaml")


def test_arrays_round_trip_bit_for_bit() -> None:
    arrays = {
        "recall@50": np.array([0.1, np.nan, -0.0, np.inf]),
        "user": np.array(["a", "üb"]),
        "hits": np.zeros((0, 3), dtype=np.int32),
        "mask": np.array(True),
        "file": np.asfortranarray(np.arange(6, dtype=np.uint16).reshape(2, 3)),
    }
    data = encoding.encode_arrays(arrays)
    decoded = encoding.decode_arrays(data, "a.npz")
    assert list(decoded) == list(arrays)
    for name, array in arrays.items():
        assert decoded[name].dtype == array.dtype
        assert decoded[name].shape == array.shape
        assert decoded[name].tobytes() == array.tobytes()
    with np.load(io.BytesIO(data)) as others:  # everyone's numpy reads it
        assert set(others.files) == set(arrays)
    assert encoding.encode_arrays(arrays) == data  # no time stamp: same values, same digest


def test_object_arrays_are_refused_both_ways() -> None:
    objects = np.array([{"a": 1}], dtype=object)
    with pytest.raises(CheckpointError, match="`users` holds Python objects"):
        encoding.encode_arrays({"users": objects})
    buffer = io.BytesIO()
    np.savez(buffer, users=objects)
    with pytest.raises(CheckpointError, match=r"a\.npz is not readable as npz"):
        encoding.decode_arrays(buffer.getvalue(), "a.npz")


def test_broken_npz_is_named() -> None:
    data = encoding.encode_arrays({"a": np.arange(100)})
    damaged = bytearray(data)
    damaged[60] ^= 1
    for broken in (b"", b"PK", data[:-10], bytes(damaged)):
        with pytest.raises(CheckpointError, match=r"a\.npz is not readable as npz"):
            encoding.decode_arrays(broken, "a.npz")


@pytest.mark.parametrize("dtype", [[("a", "<i4"), ("b", "<f8")], "V8", [("a", [("b", "i1")])]])
def test_arrays_of_records_are_refused_both_ways(dtype: Any) -> None:
    array = np.zeros(3, dtype)
    with pytest.raises(CheckpointError, match="`a` holds Python objects or records"):
        encoding.encode_arrays({"a": array})
    buffer = io.BytesIO()
    np.savez(buffer, a=array)
    with pytest.raises(CheckpointError, match="Python objects or records"):
        encoding.decode_arrays(buffer.getvalue(), "a.npz")
