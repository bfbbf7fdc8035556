"""A log line of an epoch, `stage=hard epoch=3 ...`, in fewer words where it does not fit."""

from __future__ import annotations

from recbole_opal.console.durations import clock

__all__ = ["fitted"]


def fitted(line: str, width: int) -> str:
    """Return a line of at most `width` letters if it is an epoch's that is longer, else as it is.

    What stays are the place, the metric that decides with its best value, and the time left; of
    them those that fit, the first first.
    """
    words = dict(word.split("=", 1) for word in line.split() if "=" in word)
    if len(line) <= width or "stage" not in words or "epoch" not in words:
        return line
    parts = [f"{words['stage']} {words['epoch']}"]
    valid = next((name for name in words if name.startswith("valid_") and name != "valid_s"), None)
    if valid is not None:
        parts.append(f"{valid.removeprefix('valid_')} {words[valid]}")
    if "best" in words:
        parts.append(f"best {words['best']}")
    if "left_s" in words:
        parts.append(f"at most {clock(float(words['left_s']))} left")
    if "train_s" in words:
        parts.append(f"{words['train_s']} s an epoch")
    told = parts[0]
    for part in parts[1:]:
        if len(told) + 2 + len(part) > width:
            break
        told += f", {part}"
    return told
