"""A second device, made believe on the processor, that tells of a tensor left on the wrong one.

    with other_device() as device:
        model.to(device)(ids.to(device))

Nothing of a GPU is needed. What is `.to(device)` says that it is there, and is computed by the
processor's operations. What a GPU refuses is refused: tensors of both in one operation, but for
single numbers and for the ids that index. What only a GPU can show is not shown: its rounding, its
memory, what overlaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

__all__ = ["TwoDevicesError", "other_device"]

# The one device besides the processor that every build of torch knows and can differentiate on.
_DEVICE = torch.device("meta")
_PROCESSOR = torch.device("cpu")
_BETWEEN = {"_to_copy", "copy_"}  # operations that move values from one device to another
_INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_"}
_autocast = torch.autocast


class TwoDevicesError(RuntimeError):
    """An operation has tensors of two devices."""


@contextmanager
def other_device() -> Iterator[torch.device]:
    """Return a second device for the time of the block.

    Operations of it with tensors of the processor too raise a TwoDevicesError.
    """
    operations: Any = _Operations
    with mock.patch.object(torch, "autocast", _no_autocast_there), _Values(), operations():
        yield _DEVICE


class _Away(Tensor):
    """A tensor of the other device, whose numbers are `held` by one of the processor."""

    held: Tensor
    is_meta = False  # unlike all other tensors of that device it has numbers

    @staticmethod
    def __new__(cls, held: Tensor) -> _Away:
        strided = held.layout == torch.strided
        with torch.inference_mode(held.is_inference()):  # not so: a view of weights
            made: Any = Tensor._make_wrapper_subclass(
                cls,
                held.size(),
                strides=held.stride() if strided else None,
                storage_offset=held.storage_offset() if strided else None,
                dtype=held.dtype,
                layout=held.layout,
                device=_DEVICE,
            )
        made.held = held
        return made  # type: ignore[no-any-return]

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"{self.held!r} on the other device"

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _run(operation, args, kwargs or {})


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Brings operations here that have no tensor and make one, as `torch.zeros(2, device=...)`."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        named = kwargs or {}
        with self:  # in inference mode operations come that are made of others
            found = operation.decompose(*args, **named)
        return _run(operation, args, named) if found is NotImplemented else found


class _Values(TorchFunctionMode):
    """Moves Python's numbers to and fro, which torch does by no operation."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        named = dict(kwargs or {})
        if function is Tensor.tolist and isinstance(args[0], _Away):
            return args[0].held.tolist()
        if function in (torch.tensor, torch.as_tensor):
            device = named.pop("device", None)
            made = function(*args, **named)
            return made if device is None else made.to(device)
        return function(*args, **named)


def _run(operation: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return what an operation gives, on the device that it is asked for, or of its tensors."""
    name = operation.overloadpacket.__name__
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
    away = [each for each in tensors if isinstance(each, _Away)]
    if name in _INDEXING and isinstance(args[0], _Away):  # ids may stand anywhere
        tensors = [args[0], *(each for each in args[2:3] if isinstance(each, Tensor))]
    if away and name not in _BETWEEN:
        left = [each for each in tensors if not isinstance(each, _Away) and each.dim() > 0]
        if left:
            shapes = ", ".join(str(tuple(each.shape)) for each in left)
            raise TwoDevicesError(
                f"{operation} is asked of tensors on two devices; on the processor is what has "
                f"the shape {shapes}."
            )
    named, given = dict(kwargs), kwargs.get("device")
    leads_away = bool(away) if given is None else torch.device(given) == _DEVICE
    if given is not None:
        named["device"] = _PROCESSOR
    plain = tree_map_only(_Away, lambda each: each.held, (args, named))
    found = operation(*plain[0], **plain[1])
    if not leads_away:
        return found
    wrapped = tree_map_only(Tensor, _Away, found)
    aliasing: Any = return_and_correct_aliasing  # what wrote into a tensor returns that tensor
    return aliasing(operation, args, dict(kwargs), wrapped)


def _no_autocast_there(device: str, *args: Any, **kwargs: Any) -> Any:
    """Return mixed precision of other devices; of this one torch knows none."""
    return nullcontext() if device == _DEVICE.type else _autocast(device, *args, **kwargs)
