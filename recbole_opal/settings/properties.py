"""Where yaml files and our data set lie: beside the package in a checkout, inside it in a wheel."""

from contextlib import suppress
from pathlib import Path

from recbole_opal.errors import SettingsError
from recbole_opal.own_models import is_ours, lineage
from recbole_opal.settings.values import load_settings_file

__all__ = [
    "OWN_DATASET",
    "dataset_yaml",
    "datasets_at_hand",
    "model_yaml",
    "overall_yaml",
    "own_data_root",
    "own_model_names",
    "own_yaml",
    "properties_folder",
]

OWN_DATASET = "synthetic-small"
"""The data set that this package brings along."""
_PACKAGE = Path(__file__).resolve().parent.parent


def properties_folder() -> Path:
    """Return the folder that holds `overall.yaml`, `model/` and `dataset/`."""
    for folder in (_PACKAGE / "properties", _PACKAGE.parent / "properties"):
        if (folder / "overall.yaml").is_file():
            return folder
    raise SettingsError(
        f"the folder properties/ is missing beside {_PACKAGE}; install recbole_opal again."
    )


def overall_yaml() -> Path:
    """Return the yaml file of the settings that every run shares."""
    return properties_folder() / "overall.yaml"


def model_yaml(name: str) -> Path | None:
    """Return the yaml file of a model's name, or None."""
    return _existing(properties_folder() / "model", name)


def own_model_names() -> list[str]:
    """Return the names of our models, OPAL first: those whose yaml file holds a recipe.

    The others are files for models of RecBole's. Importing the classes would take seconds.
    """
    files = (properties_folder() / "model").glob("*.yaml")
    names = [path.stem for path in files if "recipe" in load_settings_file(path)]
    return sorted(names, key=lambda name: (name != "OPAL", name.lower()))


def own_yaml(model_class: type) -> Path | None:
    """Return the yaml file that we have for a model, or for the nearest ancestor that has one."""
    ours = filter(is_ours, lineage(model_class))
    names = [each.__name__.removesuffix("Network") for each in ours]
    return next(filter(None, map(model_yaml, names)), None)


def dataset_yaml(name: str) -> Path | None:
    """Return the yaml file of a data set, or None: it is read as user_id, item_id, timestamp."""
    return _existing(properties_folder() / "dataset", name)


def own_data_root() -> Path | None:
    """Return the folder above that of `OWN_DATASET`; None: this installation left it out."""
    folders = (_PACKAGE / "dataset", _PACKAGE.parent / "dataset")
    return next((path for path in folders if _holds(path, OWN_DATASET)), None)


def datasets_at_hand(data_path: str | None = None) -> list[str]:
    """Return the data sets that can be read here and now; RecBole brings ml-100k along."""
    names: list[str] = []
    with suppress(OSError, ValueError):  # there is no such folder, or none that may be looked at
        folders = sorted(Path(data_path or "dataset").expanduser().iterdir())
        names = [path.name for path in folders if _holds(path.parent, path.name)]
    if data_path:
        return names
    brought = ["ml-100k", *([OWN_DATASET] if own_data_root() is not None else [])]
    return [*brought, *(name for name in names if name not in brought)]


def _holds(root: Path, dataset: str) -> bool:
    return (root / dataset / f"{dataset}.inter").is_file()


def _existing(folder: Path, name: str) -> Path | None:
    # Compared with the listing, not joined: a name such as `../overall` must not leave the folder.
    return next((path for path in sorted(folder.glob("*.yaml")) if path.stem == name), None)
