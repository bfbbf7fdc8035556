"""What the first process decides for all."""

from __future__ import annotations

import json
from typing import TypeVar

import torch
import torch.distributed as dist

from recbole_opal.distributed.group import current, together

__all__ = ["agreed"]

Value = TypeVar("Value")


def agreed(value: Value) -> Value:
    """Return the first process's value, made of what JSON holds; alone, the value itself.

    Floats come through to the last bit, NaN and infinities too; a tuple becomes a list.
    """
    if current() is None:
        return value
    own = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
    size = torch.tensor([len(own)])
    with together():
        dist.broadcast(size, src=0)
        text = own if len(own) == int(size) else own.new_empty(int(size))
        dist.broadcast(text, src=0)
    found: Value = json.loads(bytes(text.numpy()).decode())
    return found
