"""The data that a finished run was trained on, found and prepared again from its own settings."""

from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.host import quiet_deprecations
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.continued import placed_settings
from recbole_opal.host.prepare import prepare_data
from recbole_opal.runs import RunReader
from recbole_opal.settings.places import naming

__all__ = ["run_settings", "test_histories"]


def run_settings(folder: RunReader) -> dict[str, Any]:
    """Return the settings of a run, with `data_path` where its data lie now, for a CPU."""
    return placed_settings(folder) | {"use_gpu": False}


def test_histories(folder: RunReader, most: int) -> dict[int, list[int]]:
    """Return the items of the first users of the test part, oldest first, by internal ids.

    Raises:
        OpalError: the data are not there, or not those that the run was trained on.
    """
    plain = run_settings(folder)
    places = dict.fromkeys(plain, str(folder.path / "config.yaml"))
    with quiet_deprecations(), naming({}, may_change=()):
        config = OpalConfig.from_plain(plain, places=places, may_change=())
        data = prepare_data(config, future_items=True)
    item_field = data.dataset.iid_field
    known = [str(token) for token in data.dataset.field2id_token[item_field]]
    if folder.load_json("ids.json")[item_field] != known:
        raise DataError(
            f"the data set '{config['dataset']}' is not the one it was trained on; give back the "
            "old files."
        )
    found: dict[int, list[int]] = {}
    for batch in data.test:
        histories = batch.inputs.items.split(batch.inputs.lengths.tolist())
        for user, items in zip(batch.users.tolist(), histories, strict=True):
            found[user] = items.tolist()
        if len(found) >= most:
            break
    return found
