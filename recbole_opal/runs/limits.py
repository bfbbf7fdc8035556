"""How much a text file of a run may unfold to: a ValueError refuses it before it is parsed.

Parsed values take many times the bytes of their text: an empty list is 3 bytes on disk and 64 in
memory, and an alias of YAML stands for as much as one likes.
"""

import numpy as np
import yaml

__all__ = ["refuse_heavy_header", "refuse_heavy_json", "refuse_heavy_yaml"]

_MAX_LISTS = 2**19  # 10,000 epochs with 20 values each take 240,000 lists in a training state
_MAX_OBJECTS = 2**17
_MAX_TENSORS = 2**14  # each is an object of the header; a training state has some hundred
_MAX_VALUES = 2**21  # of a header
_MAX_YAML_BYTES = 2**18  # a run's settings take some 3 KB
_OTHER_BYTES = bytes(set(range(256)) - set(b'"[{'))
_MAX_NODES = 10_000  # of YAML, aliases written out
_MAX_DEPTH = 50
_MAX_SCALAR = 2**14  # characters; a number in base 60 takes quadratic time


def refuse_heavy_json(data: bytes) -> None:
    """Bound the lists and objects of a JSON text; brackets in its strings do not count."""
    if _is_heavy(data) and _is_heavy(_outside_strings(data)):
        raise ValueError(f"more than {_MAX_LISTS} lists or {_MAX_OBJECTS} objects")


def refuse_heavy_header(data: bytes) -> None:
    """Bound the lists, objects and values of the JSON header of a tensor file.

    What stands in its strings counts too, since one of them is parsed as well.
    """
    if _is_heavy(data) or data.count(b",") > _MAX_VALUES:
        raise ValueError(f"more than {_MAX_LISTS} lists, {_MAX_OBJECTS} objects or many values")
    if data.count(b"{") > _MAX_TENSORS and _outside_strings(data).count(b"{") > _MAX_TENSORS:
        raise ValueError(f"more than {_MAX_TENSORS} tensors")


def _is_heavy(data: bytes) -> bool:
    return data.count(b"[") > _MAX_LISTS or data.count(b"{") > _MAX_OBJECTS


def _outside_strings(data: bytes) -> bytes:
    """Return the opening brackets that stand outside of strings."""
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = np.frombuffer(plain.translate(None, _OTHER_BYTES), np.uint8)
    inside = np.bitwise_xor.accumulate((marks == ord('"')).view(np.uint8))
    return bytes(marks[inside == 0])


def refuse_heavy_yaml(text: str) -> None:
    """Bound the size, the depth and the values of a YAML text, with every alias written out.

    An alias inside what it stands for is refused too; what is no YAML raises `yaml.YAMLError`.
    """
    if len(text) > _MAX_YAML_BYTES:
        raise ValueError(f"more than {_MAX_YAML_BYTES} bytes")
    sizes: dict[str, int] = {}  # nodes behind each finished anchor
    begun: list[tuple[str | None, int]] = []  # open collections: anchor, nodes before it
    nodes = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ValueError("an alias before the end of its anchor")
            nodes += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if len(event.value) > _MAX_SCALAR:
                raise ValueError(f"a value of more than {_MAX_SCALAR} characters")
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            begun.append((event.anchor, nodes))
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = begun.pop()
            if anchor:
                sizes[anchor] = nodes - before
        if nodes > _MAX_NODES or len(begun) > _MAX_DEPTH:
            raise ValueError(f"more than {_MAX_NODES} values or {_MAX_DEPTH} levels")
