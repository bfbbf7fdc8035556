"""The settings of a run where it lies now."""

import os
from pathlib import Path
from typing import Any

from recbole_opal.runs.reader import RunReader

__all__ = ["placed_settings"]


def placed_settings(folder: RunReader) -> dict[str, Any]:
    """Return the settings of a run with folders that are right where it lies now.

    A relative folder of the data is meant from where the run was started, which the run folder's
    own place still tells unless it was moved.
    """
    plain = folder.load_yaml("config.yaml")
    parent = folder.path.resolve().parent
    root, below = str(plain.get("data_path", "")), str(plain.get("checkpoint_dir", ""))
    if root and not (Path(root).is_absolute() or Path(below).is_absolute()):
        end = Path(os.path.normpath(below)).parts
        if end and ".." not in end and parent.parts[-len(end) :] == end:
            started = parent.parents[len(end) - 1]
            if (started / root / str(plain.get("dataset"))).is_dir():
                plain["data_path"] = str(started / root)
    return plain | {"checkpoint_dir": str(parent)}
