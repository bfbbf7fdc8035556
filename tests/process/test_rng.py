"""The four random generators continue where they were."""

import logging
import random
from typing import Any

import numpy as np
import pytest
import torch

from recbole_opal.process.rng import capture_rng, restore_rng
from recbole_opal.runs.state import decode_state, encode_state


def draw() -> list[Any]:
    numbers: list[Any] = [random.random(), random.getrandbits(70)]  # noqa: S311
    numbers += [np.random.rand(), np.random.randn()]  # noqa: NPY002
    numbers += torch.randn(3).tolist() + torch.randperm(5).tolist()
    if torch.cuda.is_available():
        numbers += torch.randn(3, device="cuda").tolist()
    return numbers


@pytest.fixture(autouse=True)
def _leave_the_generators_alone() -> Any:
    before = capture_rng()
    yield
    restore_rng(before)


def test_restored_generators_draw_the_same_numbers() -> None:
    draw()
    random.gauss(0, 1)  # leaves a second value cached
    np.random.randn()  # noqa: NPY002
    data = encode_state(capture_rng())
    expected = [draw() for _ in range(3)]
    assert draw() not in expected
    restore_rng(decode_state(data, "state"))
    assert [draw() for _ in range(3)] == expected


def test_capturing_draws_nothing() -> None:
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = draw()
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    capture_rng()
    assert draw() == expected


def test_another_number_of_gpus_is_told(caplog: pytest.LogCaptureFixture) -> None:
    state = capture_rng()
    state["cuda"] = [*state["cuda"], torch.get_rng_state()]
    with caplog.at_level(logging.WARNING):
        restore_rng(state)
    assert "not bit for bit" in caplog.text
    caplog.clear()
    restore_rng(capture_rng())
    assert caplog.text == ""
