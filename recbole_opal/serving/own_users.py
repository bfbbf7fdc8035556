"""The users of a run's own test part, with all they had met before it."""

from __future__ import annotations

import numpy as np

from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import HISTORIES_NAME
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.suggest import did_you_mean

__all__ = ["own_users"]


def own_users(trained: TrainedModel, user: str | None = None) -> RawHistories:
    """Return the histories of all test users of a run, in the order of its lists, or of one.

    Args:
        trained: the model of the run.
        user: the raw id of one user; None: all.

    Raises:
        CheckpointError: the folder holds no histories, or they are damaged.
        SettingsError: the user is not in the test part.
    """
    run = RunReader.open(trained.folder)
    if HISTORIES_NAME not in run.names:
        raise CheckpointError(
            f"{run.path} holds no histories of its own (it is a bundle, or of an older version); "
            "give --histories=FILE."
        )
    saved = run.load_arrays(HISTORIES_NAME)
    tokens = run.load_json("ids.json")[trained.settings["USER_ID_FIELD"]]
    users = [str(tokens[number]) for number in saved["user_id"].tolist()]
    ends = np.cumsum(saved["lengths"], dtype=np.int64)
    rows = range(len(users))
    if user is not None:
        if user not in users:
            hint = did_you_mean(user, users) or "; give --histories=FILE for others."
            raise SettingsError(f"--user: '{user}' is not in the test part of {run.path}{hint}")
        rows = range(users.index(user), users.index(user) + 1)
    parts = [slice(int(ends[row] - saved["lengths"][row]), int(ends[row])) for row in rows]
    names = np.array(trained.items, dtype=object)
    return RawHistories(
        [users[row] for row in rows],
        [names[saved["items"][part]].tolist() for part in parts],
        [saved["times"][part].tolist() for part in parts] if "times" in saved else None,
    )
