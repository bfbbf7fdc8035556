"""`OpalConfig`: RecBole's `Config` without its surprises."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole.config import Config

from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class, recbole_folder, set_numpy_aliases
from recbole_opal.host.recommender import as_recommender, require_model
from recbole_opal.own_models import (
    address_of,
    is_ours,
    refuse_while_importing,
    why_without_address,
)
from recbole_opal.process.caller import set_variable
from recbole_opal.settings.beside import readable, yaml_beside_data
from recbole_opal.settings.border import paths_given, plain_settings_given, text_given
from recbole_opal.settings.datafiles import BUNDLED_DATASET, check_data_folder
from recbole_opal.settings.foreign import upstream_name
from recbole_opal.settings.places import naming
from recbole_opal.settings.plain import plain_settings
from recbole_opal.settings.properties import dataset_yaml, overall_yaml, own_yaml
from recbole_opal.settings.refused import REFUSED_KEYS
from recbole_opal.settings.validation import checked_settings
from recbole_opal.settings.values import SettingsLoader, load_settings_file

__all__ = ["OpalConfig"]


class OpalConfig(Config):
    """All settings of one run, checked; read as `config["num_interests"]`, as in RecBole.

    It differs from RecBole's `Config`: nothing is read from `sys.argv`, nothing is evaluated,
    unknown names and wrong values are errors, our yaml files lie over RecBole's, and a missing data
    set is told before anything is loaded. Priority, highest first: `settings`, `config_files`
    (later ones first), the yaml file `NAME.yaml` beside a data set's files, the one that we have
    for it, the model's yaml (its block `published` first, with `recipe: published`), overall.yaml,
    RecBole's own files.

    Args:
        model: a model's name, or its class.
        dataset: the data set's name.
        settings: name to typed value, as `{"num_interests": 8}`.
        config_files: yaml files.
        places: the file of each of `settings` that was read from one.
        may_change: the only settings that errors may advise to give; None: all.
        complete: `settings` are all settings of a run, so that no file beside the data is read.

    Attributes:
        places: the file of each setting that came from one, for messages.
        notes: what the log should say of the settings, a line each.

    Raises:
        SettingsError: a setting is unknown, refused, of a wrong type or out of range.
        DataError: the data set is not there.
    """

    parameters: dict[str, list[str]]
    places: dict[str, str]
    notes: list[str]

    def __init__(
        self,
        model: str | type,
        dataset: str,
        settings: Mapping[str, Any] | None = None,
        config_files: str | Path | Sequence[str | Path] = (),
        *,
        places: Mapping[str, str] | None = None,
        may_change: Collection[str] | None = None,
        complete: bool = False,
    ) -> None:
        """See the class."""
        refuse_while_importing()
        given = plain_settings_given({} if settings is None else settings)
        dataset = text_given("dataset", dataset)
        files = paths_given("config_files", config_files)
        self.places, self.notes = {}, []
        self._given_places = places or {}
        self._data_root = ""
        self._dataset_file = None if complete else yaml_beside_data(dataset, given, files)
        with naming(self.places, may_change):
            # RecBole's own lookup by name knows none of our models.
            self._class = _model_class(model)
            beside = [self._dataset_file] if self._dataset_file else []
            super().__init__(self._class, dataset, [*beside, *files], given)

    @classmethod
    def from_plain(
        cls,
        plain: Mapping[str, Any],
        model: type | None = None,
        places: Mapping[str, str] | None = None,
        may_change: Collection[str] | None = None,
    ) -> "OpalConfig":
        """Build the configuration that `as_plain_dict` was taken from.

        Args:
            plain: the content of a run's config.yaml.
            model: the model's class, if it is none that `find_model_class` knows.
            places: the file of each setting that was read from one.
            may_change: the only settings that errors may advise to give; None: all.

        Raises:
            SettingsError: `model` or `dataset` is missing, or a setting is not valid (any more).
            DataError: the data set is not there (any more).
        """
        missing = [name for name in ("model", "dataset") if name not in plain]
        if missing:
            raise SettingsError(
                f"the run's config.yaml does not name its {missing[0]}; add the line "
                f"`{missing[0]}: ...`."
            )
        settings = {
            name: value for name, value in plain.items() if name not in ("model", "dataset")
        }
        return cls(
            model or plain["model"],
            plain["dataset"],
            settings,
            places=places,
            may_change=may_change,
            complete=True,
        )

    def as_plain_dict(self) -> dict[str, Any]:
        """Return all settings as plain data, to be kept beside a run's results."""
        derived: dict[str, Any] = {}
        if self._data_root:  # else RecBole's own copy
            derived["data_path"] = os.path.abspath(self._data_root)  # noqa: PTH100
        if not is_ours(self._class) and why_without_address(self._class) is None:
            derived["model"] = address_of(self._class)
        return plain_settings(self.final_config_dict, derived)

    def compatibility_settings(self) -> None:
        """Set numpy's missing names; RecBole's own version fails on numpy 2."""
        set_numpy_aliases()

    def _init_parameters_category(self) -> None:
        super()._init_parameters_category()
        # Copies: RecBole appends to these lists, which are shared by the process.
        self.parameters = {category: list(names) for category, names in self.parameters.items()}

    def _build_yaml_loader(self) -> type[SettingsLoader]:
        return SettingsLoader

    def _convert_config_dict(self, config_dict: dict[str, Any]) -> dict[str, Any]:
        """Return the values as they are: typed already, while RecBole would run `eval` on them."""
        return config_dict

    def _load_config_files(self, file_list: Sequence[Path] | None) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for path in file_list or ():
            content = load_settings_file(path)
            if path == self._dataset_file:
                content, unread = readable(content, self._class)
                self.notes += [f"{path}: {each}" for each in unread]
            merged |= content
            self.places.update(dict.fromkeys(content, str(path)))
        return merged

    def _load_variable_config_dict(self, config_dict: dict[str, Any]) -> dict[str, Any]:
        for name in config_dict:
            self.places.pop(name, None)
        self.places.update(self._given_places)
        return config_dict

    def _load_cmd_line(self) -> dict[str, Any]:
        """Return nothing: the command line is read once, by `parse_arguments`."""
        return {}

    def _load_internal_config_dict(self, model: str, model_class: type, dataset: str) -> None:
        super()._load_internal_config_dict(model, model_class, dataset)
        own = own_yaml(model_class)
        # RecBole's model file once more: it must win over our overall.yaml.
        files = [
            overall_yaml(),
            recbole_folder() / "properties" / "model" / f"{upstream_name(model_class)}.yaml",
            own,
            dataset_yaml(dataset),
        ]
        for path in files:
            if path is not None and path.is_file():
                content = self._update_internal_config_dict(path)
                if path == files[-1]:
                    for name in set(content or {}) - set(self.external_config_dict):
                        self.places[name] = str(path)
            if path == own:  # also where there is none
                self._apply_recipe()

    def _apply_recipe(self) -> None:
        """Put the published settings in the place of the shared ones where they are asked for."""
        settings = self.internal_config_dict
        settings.pop("search", None)  # read by tuning alone
        published = getattr(self._class, "published", settings.pop("published", None))
        if {**settings, **self.external_config_dict}.get("recipe", "shared") != "published":
            return
        if published is None:
            raise SettingsError(
                f"--recipe=published: {self.model} has one recipe only; leave --recipe away."
            )
        settings.update(published)

    def _get_final_config_dict(self) -> dict[str, Any]:
        given = self.external_config_dict
        checked = checked_settings(super()._get_final_config_dict(), given, self.model_class)
        # What is refused but for its harmless values: RecBole asks for some whether they are there.
        if not hasattr(self._class, "input_type"):
            checked.setdefault("loss_type", "CE")  # over all items, as RecBole's models without one
        harmless = set(REFUSED_KEYS) & set(given) - set(self.internal_config_dict)
        return {name: value for name, value in checked.items() if name not in harmless}

    def _set_default_parameters(self) -> None:
        root = str(self.final_config_dict["data_path"])
        super()._set_default_parameters()
        # RecBole reads ml-100k from its own wheel whatever data_path says; here a data_path that is
        # given counts.
        if self.dataset != BUNDLED_DATASET or "data_path" in self.external_config_dict:
            self._data_root = str(Path(root).expanduser())
            self.final_config_dict["data_path"] = str(Path(self._data_root) / self.dataset)
        final = self.final_config_dict
        final["checkpoint_dir"] = str(Path(final["checkpoint_dir"]).expanduser())
        columns = [final["USER_ID_FIELD"], final["ITEM_ID_FIELD"], final["TIME_FIELD"]]
        check_data_folder(
            Path(final["data_path"]),
            self.dataset,
            columns,
            final["field_separator"],
            final["encoding"],
            named="dataset" not in self._given_places,
        )

    def _init_device(self) -> None:
        if not self.final_config_dict["use_gpu"]:
            # RecBole reads use_gpu nowhere; without a visible GPU it takes the CPU.
            self.final_config_dict["gpu_id"] = ""
        before = os.environ.get("CUDA_VISIBLE_DEVICES")
        super()._init_device()
        if self.final_config_dict["device"].type == "cpu":
            # RecBole hides the GPUs from the whole process, for good.
            set_variable("CUDA_VISIBLE_DEVICES", before)


def _model_class(model: Any) -> type[Any]:
    if isinstance(model, type):
        found = as_recommender(model)
    else:
        found = find_model_class(text_given("model", model))
    if not is_ours(found):
        require_model(found)
    return found
