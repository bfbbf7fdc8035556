"""Training state round trips with its types and its bits."""

import json
import random
import struct
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor, nn

from recbole_opal.errors import CheckpointError
from recbole_opal.process.rng import capture_rng, restore_rng
from recbole_opal.runs.state import decode_state, encode_state
from recbole_opal.runs.tensors import decode_tensors, encode_tensors

Pair = namedtuple("Pair", "a b")  # noqa: PYI024 a type that must be refused


def same(a: Any, b: Any) -> bool:
    """Equality of type and bits, all the way down."""
    if isinstance(a, Tensor):
        return (
            isinstance(b, Tensor)
            and (a.dtype, a.shape) == (b.dtype, b.shape)
            and a.detach().numpy().tobytes() == b.numpy().tobytes()
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic)):
        return (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack(">d", a) == struct.pack(">d", b)
    if isinstance(a, dict):
        pairs = zip(a.items(), b.items(), strict=True)
        return len(a) == len(b) and all(
            same(x, y) for left, right in pairs for x, y in zip(left, right, strict=True)
        )
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def round_trip(state: Any) -> Any:
    return decode_state(encode_state(state), "state-1.safetensors")


dtypes = st.sampled_from(["<f4", "<f8", "<i8", "<u4", "|b1", ">i2", "<U3", "<c16", "<M8[s]"])
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
tensors = hnp.arrays(
    st.sampled_from(["f4", "f8", "i8", "u1", "?"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
).map(torch.from_numpy)
keys = (
    st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.tuples(st.integers())
)
leaves = (
    keys
    | st.binary()
    | tensors
    | arrays
    | arrays.filter(lambda a: a.size > 0).map(lambda a: a.flat[0])
)
states = st.recursive(
    leaves,
    lambda children: (
        st.lists(children, max_size=3)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(keys, children, max_size=3)
        | st.dictionaries(keys, children, max_size=3).map(OrderedDict)
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=300)
@given(states)
def test_nested_states_come_back_bit_for_bit(state: Any) -> None:
    assert same(round_trip(state), state)


@pytest.mark.parametrize(
    "value",
    [
        float("inf"),
        float("-inf"),
        -0.0,
        5e-324,
        0.1 + 0.2,
        struct.unpack(">d", bytes.fromhex("fff8000000000123"))[0],
        2**64,
        pytest.param(-(2**5000), id="long"),
        pytest.param(10**20000, id="very-long"),
        np.float64(0.1),
        np.float32("nan"),
        np.uint32(2**32 - 1),
        b"\x00\xff",
        "\ud800",
        (),
        {},
        [],
        {"tuple": 1, "tensor": "0"},
        {1: {"1": 2}, "1": 3, (1, "a"): 4, None: 5},
    ],
)
def test_values_with_traps(value: Any) -> None:
    assert same(round_trip(value), value)


def test_the_comparison_itself_can_fail() -> None:
    assert not same(1, True)
    assert not same(0.0, -0.0)
    assert not same([1], (1,))
    assert not same({1: 2}, OrderedDict({1: 2}))
    assert not same(torch.zeros(1), torch.zeros(1, dtype=torch.float64))


def test_structure_is_plain_json_and_tensors_are_apart() -> None:
    data = encode_state({"w": torch.ones(2), "best": float("-inf"), 3: (None, 1)})
    parts, metadata = decode_tensors(data, "x")
    structure = json.loads(metadata["structure"])
    assert list(parts) == ["0"]
    assert structure == {
        "dict": [
            ["w", {"tensor": "0"}],
            ["best", {"float": "fff0000000000000"}],
            [3, {"tuple": [None, 1]}],
        ]
    }
    assert same(decode_state(data, "x")[3], (None, 1))


def train(steps: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4)).pow(2).mean() * (1 + random.random() + np.random.rand())  # noqa: S311, NPY002
        loss.backward()
        optimizer.step()


def fresh(kind: str) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 2))
    if kind == "Adam":
        return model, torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-4, amsgrad=True)
    if kind == "AdamW":
        return model, torch.optim.AdamW(model.parameters(), lr=0.01)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "SGD"])
def test_training_goes_on_bit_for_bit(kind: str) -> None:
    model, optimizer = fresh(kind)
    train(3, model, optimizer)
    data = encode_state(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": capture_rng()}
    )
    train(3, model, optimizer)

    again, its_optimizer = fresh(kind)
    train(1, again, its_optimizer)  # any other place
    state = decode_state(data, "state")
    again.load_state_dict(state["model"])
    its_optimizer.load_state_dict(state["optimizer"])
    restore_rng(state["rng"])
    train(3, again, its_optimizer)
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    assert same(its_optimizer.state_dict(), optimizer.state_dict())


def test_the_saved_state_does_not_follow_the_model() -> None:
    weight = torch.zeros(3)
    data = encode_state({"weight": weight})
    weight += 1
    assert torch.equal(decode_state(data, "s")["weight"], torch.zeros(3))


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"a": [1, object()]}, "state['a'][1] has type object"),
        ({"a": {2: {1}}}, "state['a'][2] has type set"),
        ({"a": Pair(1, 2)}, "state['a'] has type Pair"),
        ({"a": np.array([object()])}, "state['a'] is an array of objects"),
        ({"a": np.zeros(1, dtype=[("x", "f4")])}, "state['a'] is an array of objects or records"),
        ({"a": torch.nn.Linear(1, 1)}, "state['a'] has type Linear"),
        ({frozenset(): 1}, "a key of state has type frozenset"),
    ],
)
def test_other_types_are_refused_by_place(state: Any, place: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        encode_state(state)
    assert place in str(caught.value)


@pytest.mark.parametrize(
    "structure",
    [
        None,
        "{",
        '{"object": "os.system"}',
        '{"tensor": "9"}',
        '{"tuple": 1}',
        '{"dict": [[1]]}',
        '{"dict": [[[], 1]]}',
        '{"a": 1, "b": 2}',
        "{}",
        '{"float": "zz"}',
        '{"array": ["0", "|O", [1]]}',
        '{"array": ["0", "<f8", [9]]}',
    ],
)
def test_a_file_without_state_is_refused(structure: str | None) -> None:
    metadata = {} if structure is None else {"structure": structure}
    data = encode_tensors({"0": torch.zeros(8, dtype=torch.uint8)}, metadata)
    with pytest.raises(CheckpointError, match="state-7.safetensors holds no training state"):
        decode_state(data, "state-7.safetensors")
