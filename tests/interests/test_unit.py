"""Unit length in every dtype, zero vectors included."""

import pytest
import torch

from recbole_opal.interests.capsules import squash
from recbole_opal.interests.unit import unit_length

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_have_unit_length_and_zero_stays_zero(dtype):
    vectors = torch.tensor([[3.0, 4.0], [1e-4, 0.0], [0.0, 0.0]], dtype=dtype, requires_grad=True)
    found = unit_length(vectors)
    expected = torch.tensor([[0.6, 0.8], [1.0, 0.0], [0.0, 0.0]], dtype=found.dtype)
    torch.testing.assert_close(found, expected)
    assert found.dtype == torch.promote_types(dtype, torch.float32)
    found[:2].sum().backward()
    assert vectors.grad.isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_short_vectors_are_squashed_alike_in_every_dtype(dtype):
    vectors = torch.tensor([[3.0, 4.0], [2.0**-10, 0.0], [0.0, 0.0]], dtype=dtype)
    expected = squash(vectors.double()).to(torch.promote_types(dtype, torch.float32))
    torch.testing.assert_close(squash(vectors), expected)
