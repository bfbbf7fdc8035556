"""Settings as plain data, for a file beside the results."""

from collections.abc import Mapping
from typing import Any

__all__ = ["plain_settings"]

# What RecBole's Config derives from the settings and the machine; it is derived anew when they are
# read back.
_DERIVED = {
    "MODEL_INPUT_TYPE",
    "MODEL_TYPE",
    "data_path",
    "device",
    "eval_type",
    "local_rank",
    "single_spec",
    "test_neg_sample_args",
    "valid_metric_bigger",
    "valid_neg_sample_args",
}


def plain_settings(final: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a run can be repeated from, model and data set first.

    Args:
        final: RecBole's final settings.
        extra: settings that replace those of `final`.
    """
    plain = {name: _plain(value) for name, value in final.items() if name not in _DERIVED} | dict(
        extra
    )
    sampler = plain.get("train_neg_sample_args")
    if isinstance(sampler, dict):
        # RecBole writes "none" for no sampler and adds keys; only what `--train_neg_sample_args`
        # takes is kept.
        uniform = sampler.get("distribution") == "uniform"
        plain["train_neg_sample_args"] = (
            {"distribution": "uniform", "sample_num": 1} if uniform else None
        )
    first = {name: plain.pop(name) for name in ("model", "dataset")}
    return first | plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
