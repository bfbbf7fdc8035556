"""The settings file beside a data set's files, which speaks to all models trained on it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.settings.paths import path_problem
from recbole_opal.settings.validation import known_settings, known_to_any_model
from recbole_opal.settings.values import load_settings_file

__all__ = ["readable", "yaml_beside_data"]


def readable(content: Mapping[str, Any], model_class: type) -> tuple[dict[str, Any], list[str]]:
    """Leave out what speaks to other models; what speaks to none stays, and is refused later.

    Args:
        content: of a data set's settings file.
        model_class: the class of the model.

    Returns:
        The settings for this model, and a remark on those that were left out, if there are any.
    """
    others = set(content) - known_settings(model_class)
    left_out = sorted(others & known_to_any_model()) if others else []
    remarks = [f"{', '.join(left_out)} not read, {model_class.__name__} has no such setting"]
    kept = {name: value for name, value in content.items() if name not in left_out}
    return kept, remarks if left_out else []


def yaml_beside_data(
    dataset: str, settings: Mapping[str, Any], config_files: Sequence[Path]
) -> Path | None:
    """Return the settings file that lies in the data set's folder, if there is one.

    Args:
        dataset: the data set's name.
        settings: those that are given, which may name the folder.
        config_files: yaml files that may name it too.

    Raises:
        SettingsError: one of these files is malformed.
    """
    if Path(dataset).name != dataset or path_problem(dataset):  # refused later, with the fix
        return None
    root = "dataset"  # RecBole's default
    for path in config_files:
        root = load_settings_file(path).get("data_path", root)
    root = str(settings.get("data_path", root))
    if path_problem(f"{root}/{dataset}/{dataset}.yaml"):
        return None
    path = Path(root).expanduser() / dataset / f"{dataset}.yaml"
    return path if path.is_file() else None
