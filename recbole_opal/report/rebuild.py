"""From a run folder back to a model and its data, to look inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recbole_opal.errors import CheckpointError, DataError, OpalError
from recbole_opal.report.files import RunFiles
from recbole_opal.report.names import ItemNames, read_names
from recbole_opal.report.source import Row
from recbole_opal.runs.refusal import quoted

__all__ = ["Rebuilt", "Rebuilder"]


@dataclass(frozen=True)
class Rebuilt:
    """A trained model, its data and the names of what it recommends.

    Attributes:
        row: which row of the comparison it is.
        seed: of the run.
        model: in evaluation mode, on the CPU, in the row's stage.
        data: what `prepare_data` gave.
        names: of items and their tags.
        counts: (N,) int64, training interactions of each item.
    """

    row: Row
    seed: str
    model: Any
    data: Any
    names: ItemNames
    counts: np.ndarray[Any, np.dtype[np.int64]]


class Rebuilder:
    """Rebuilds runs once each; why one cannot be rebuilt is told, and stops nothing.

    Attributes:
        problems: one line for each row that could not be rebuilt.
    """

    def __init__(self, files: RunFiles) -> None:
        self.problems: list[str] = []
        self._files = files
        self._known: dict[tuple[str, str], Rebuilt | None] = {}

    def rebuild(self, row: Row) -> Rebuilt | None:
        """Return the run of the row's first seed, None and a problem told if it cannot be."""
        key = (row.variant, row.stage)
        if key not in self._known:
            self._known[key] = self._try(row)
        return self._known[key]

    def _try(self, row: Row) -> Rebuilt | None:
        for seed, path in row.runs.items():
            try:
                return self._load(row, seed, path)
            except OpalError as error:
                self.problems.append(f"{row.short}, seed {seed}: {error}")
            except Exception as error:  # noqa: BLE001, whatever a run folder may hold
                why = quoted(f"{type(error).__name__}: {error}")
                self.problems.append(f"{row.short}, seed {seed}: its files do not fit ({why}).")
        return None

    def _load(self, row: Row, seed: str, path: Path) -> Rebuilt:
        # Only here: everything else of the report works without RecBole and its data.
        from recbole_opal.host import quiet_deprecations
        from recbole_opal.host.prepare import prepare_data
        from recbole_opal.settings.config import OpalConfig
        from recbole_opal.settings.continued import placed_settings
        from recbole_opal.settings.places import naming

        folder = self._files.folder(path)
        if folder is None:
            raise CheckpointError("its run folder cannot be read; train it again.")
        plain = placed_settings(folder) | {"use_gpu": False}
        places = dict.fromkeys(plain, str(folder.path / "config.yaml"))
        with quiet_deprecations(), naming({}, may_change=()):
            config = OpalConfig.from_plain(plain, places=places, may_change=())
            data = prepare_data(config, future_items=True)
        ids = folder.load_json("ids.json")
        item_field = data.dataset.iid_field
        if ids[item_field] != [str(token) for token in data.dataset.field2id_token[item_field]]:
            raise DataError(
                f"the data set '{config['dataset']}' is not the one it was trained on; give back "
                "the old files."
            )
        model = config.model_class(config, data.dataset).eval()
        weights = folder.load_weights(row.stage)
        model.set_stage(row.stage)
        model.load_state_dict(weights)
        names = read_names(folder, config, ids[item_field])
        items = data.dataset.inter_feat[item_field].numpy()
        return Rebuilt(row, seed, model, data, names, np.bincount(items, minlength=len(names)))
