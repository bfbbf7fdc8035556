"""The plain file formats of a run folder, to and from bytes: JSON, JSON Lines, YAML and npz.

None of them runs code on loading. Every decoder takes bytes that were verified before and the
file's name for the message, and raises `CheckpointError`, and nothing else, for what is not its
format or unfolds to more than a run writes.
"""

import io
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml

from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.runs.arrays import decode_arrays, encode_arrays
from recbole_opal.runs.limits import refuse_heavy_json, refuse_heavy_yaml

__all__ = [
    "decode_arrays",
    "decode_json",
    "decode_lines",
    "decode_yaml",
    "encode_arrays",
    "encode_json",
    "encode_lines",
    "encode_settings",
    "encode_yaml",
]

_NO_JSON = "is not readable as JSON"


def encode_json(value: Any, indent: int | None = 2) -> bytes:
    """Encode plain values and numpy scalars as UTF-8 JSON in insertion order.

    JSON has no infinity and no NaN: a float that is not finite becomes `null`, so that every
    reader in every language can load the file. Exact state belongs into `encode_state`.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent)
    return (text + "\n").encode("utf-8")


def encode_lines(rows: list[dict[str, Any]]) -> bytes:
    """Encode one JSON object a line (JSON Lines); see `encode_json`."""
    return b"".join(encode_json(row, indent=None) for row in rows)


def decode_json(data: bytes, name: str) -> Any:
    """Decode UTF-8 JSON."""
    with refusing(name, _NO_JSON):
        refuse_heavy_json(data)
        return json.loads(data.decode("utf-8"))


def decode_lines(data: bytes, name: str) -> list[dict[str, Any]]:
    """Decode what `encode_lines` encoded."""
    with refusing(name, _NO_JSON):
        refuse_heavy_json(data)
        rows = [json.loads(line.decode("utf-8")) for line in io.BytesIO(data)]
        if not all(isinstance(row, dict) for row in rows):
            raise ValueError("a line that is no object")
        return rows


def encode_yaml(value: Mapping[str, Any]) -> bytes:
    """Encode plain values as YAML in insertion order; other types raise `yaml.YAMLError`.

    Text beyond ASCII is escaped, since PyYAML reads some of its own unescaped output differently.
    """
    return yaml.safe_dump(dict(value), sort_keys=False).encode("ascii")


def encode_settings(value: Mapping[str, Any]) -> bytes:
    """Encode plain values as `encode_yaml` does; refuse too many or too long ones to decode."""
    data = encode_yaml(value)
    try:
        refuse_heavy_yaml(data.decode("ascii"))
    except ValueError as error:
        raise CheckpointError(
            f"the settings are too long to be kept with a run ({error}); shorten the longest list "
            "or text among them."
        ) from error
    return data


def decode_yaml(data: bytes, name: str) -> dict[str, Any]:
    """Decode a YAML mapping of text to plain values."""
    with refusing(name, "is not readable as YAML"):
        text = data.decode("utf-8")
        refuse_heavy_yaml(text)
        value = yaml.safe_load(text)
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ValueError("it holds no `key: value` lines")
        return value


def _plain(value: Any) -> Any:
    """Turn numpy scalars into Python ones and floats that are not finite into None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value
