"""From a run folder back to a model and its data, to look inside."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.errors import CheckpointError, DataError, OpalError
from recbole_opal.report.item_names import ItemNames, read_names
from recbole_opal.report.rows import best_opal_rows
from recbole_opal.report.run_files import RunFiles
from recbole_opal.runs import RunReader
from recbole_opal.runs.refusal import quoted

__all__ = ["TrainedModel", "trained_opals"]


@dataclass(frozen=True)
class TrainedModel:
    """A trained model of a row, its data and the names of what it recommends."""

    row: Row
    seed: str
    model: Any  # in evaluation mode, on the CPU, in the row's stage
    data: Any  # what `prepare_data` gave
    names: ItemNames
    counts: np.ndarray[Any, np.dtype[np.int64]]  # (N,) training interactions of each item


def trained_opals(
    comparison: ComparisonResult, files: RunFiles
) -> tuple[list[TrainedModel], list[str]]:
    """Rebuild OPAL's best rows, see `best_opal_rows`, each of its first seed that can be.

    Why one cannot be rebuilt is told in a line, and stops nothing.
    """
    found, problems = [], []
    for row in best_opal_rows(comparison):
        for seed, path in comparison.run_folders(row).items():
            try:
                found.append(_rebuilt(row, seed, files.folder(path)))
                break
            except OpalError as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001, whatever a run folder may hold
                why = f"its files do not fit ({quoted(f'{type(error).__name__}: {error}')})."
            problems.append(f"{row.short}, seed {seed}: {why}")
    return found, problems


def _rebuilt(row: Row, seed: str, folder: RunReader | None) -> TrainedModel:
    # Only here: everything else of the report works without RecBole and its data.
    from recbole_opal.data.prepare import prepare_data
    from recbole_opal.host import quiet_deprecations
    from recbole_opal.settings.config import OpalConfig
    from recbole_opal.settings.continued import placed_settings
    from recbole_opal.settings.places import naming

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
    counts = np.bincount(items, minlength=len(names))
    return TrainedModel(row, seed, model, data, names, counts)
