"""The number format of a computation, whatever mixed precision and torch's switches do to it."""

from collections.abc import Callable
from functools import reduce, wraps
from typing import Any, ParamSpec, TypeGuard, TypeVar

import torch
from torch import Tensor

__all__ = ["full_precision", "product_precision"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def full_precision(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Let a function compute in the widest dtype of its tensors, in float32 at least.

    Under autocast one product of a loss would come in bfloat16 and another in float32: a target is
    then compared with negatives that were rounded otherwise, and a temperature of 0.1 makes ten
    times as much of the difference. What was rounded before stays so; nothing is rounded here. At
    least one argument must hold floating numbers.
    """

    @wraps(function)
    def in_one_dtype(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        given = [value for value in (*args, *kwargs.values()) if _is_floating(value)]
        dtype = reduce(torch.promote_types, (value.dtype for value in given), torch.float32)

        def cast(value: Any) -> Any:
            return value.to(dtype) if _is_floating(value) else value

        with torch.autocast(given[0].device.type, enabled=False):
            named = {name: cast(value) for name, value in kwargs.items()}
            return function(*(cast(value) for value in args), **named)

    return in_one_dtype


def product_precision(device: str) -> str:
    """Return what torch's settings call the precision of float32 products on "cpu" or "cuda".

    Torch has two sets of settings for it, one number for all backends
    (`set_float32_matmul_precision`, `allow_tf32`) and one for each (`fp32_precision`); to read the
    former raises once the latter is set, while the latter follows the former.
    """
    backend = torch.backends.cuda if device == "cuda" else torch.backends.mkldnn
    try:
        return str(backend.matmul.fp32_precision)
    except AttributeError:  # torch before 2.9 knows the one number only
        return torch.get_float32_matmul_precision()


def _is_floating(value: object) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.is_floating_point()
