"""Where the yaml files lie: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

from recbole_opal.errors import SettingsError

__all__ = ["dataset_yaml", "known_datasets", "model_yaml", "overall_yaml", "properties_folder"]

_PACKAGE = Path(__file__).resolve().parent.parent


def properties_folder() -> Path:
    """Return the folder that holds `overall.yaml`, `model/` and `dataset/`.

    Raises:
        SettingsError: neither place has it, which means that the installation is broken.
    """
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
    """Return the yaml file of one of our models, or None.

    Args:
        name: the model's class name.
    """
    return _existing(properties_folder() / "model", name)


def dataset_yaml(name: str) -> Path | None:
    """Return the yaml file of a data set, or None: it is read as user_id, item_id, timestamp.

    Args:
        name: the data set's name, which is its folder's.
    """
    return _existing(properties_folder() / "dataset", name)


def known_datasets() -> list[str]:
    """Return the data sets that have a yaml file, ml-100k (which needs no download) first."""
    names = sorted(path.stem for path in (properties_folder() / "dataset").glob("*.yaml"))
    return sorted(names, key=lambda name: name != "ml-100k")


def _existing(folder: Path, name: str) -> Path | None:
    # Compared with the listing, not joined: a name such as `../overall` must not leave the folder.
    return next((path for path in sorted(folder.glob("*.yaml")) if path.stem == name), None)
