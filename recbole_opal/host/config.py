"""`OpalConfig`: RecBole's `Config` without its surprises."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole.config import Config

from recbole_opal.data.bundled import BUNDLED_DATASET, root_or_own
from recbole_opal.data.folder_check import check_data_folder
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.registry import deciding_metric, with_named_metrics
from recbole_opal.host.in_parts import own_gpu
from recbole_opal.host.recommender import as_recommender, require_model
from recbole_opal.host.upstream_models import find_model_class
from recbole_opal.host.validation import checked_settings, known_settings, known_to_any_model
from recbole_opal.host.yaml_settings import model_files, training_defaults, without_blocks
from recbole_opal.own_models import (
    address_of,
    is_ours,
    refuse_while_importing,
    why_without_address,
)
from recbole_opal.process.aliases import set_numpy_aliases, set_scipy_names
from recbole_opal.process.caller import set_variable
from recbole_opal.settings.border import paths_given, plain_settings_given, text_given
from recbole_opal.settings.checks import ONE_NEGATIVE
from recbole_opal.settings.paths import path_problem
from recbole_opal.settings.places import naming
from recbole_opal.settings.properties import dataset_yaml
from recbole_opal.settings.refused import REFUSED_KEYS
from recbole_opal.settings.values import SettingsLoader, load_settings_file

__all__ = ["OpalConfig"]

# What RecBole's Config derives from the settings and the machine; it is derived anew when they are
# read back.
_DERIVED = {
    "MODEL_INPUT_TYPE",
    "MODEL_TYPE",
    "data_path",
    "device",
    "eval_type",
    "local_rank",
    "single_spec",
    "test_neg_sample_args",
    "valid_metric_bigger",
    "valid_neg_sample_args",
}


class OpalConfig(Config):
    """All settings of one run, checked; read as `config["num_interests"]`, as in RecBole.

    Nothing is read from `sys.argv`, nothing is evaluated, unknown names and wrong values are
    errors, and a missing data set is told before anything is loaded. Priority, highest first:
    `settings`, `config_files` (later ones first), the yaml file `NAME.yaml` beside a data set's
    files, the one that we have for it, the model's yaml (its block `published` first, with
    `recipe: published`), overall.yaml, RecBole's own files.

    Args:
        model: a model's name, or its class.
        dataset: its name.
        settings: name to typed value.
        config_files: yaml files.
        places: the file of each of `settings` that was read from one.
        may_change: the only settings that errors may advise to give; None: all.
        complete: `settings` are all settings of a run, so that no file beside the data is read.

    Attributes:
        places: the file of each setting that came from one, for messages.
        notes: what the log should say of the settings, a line each.
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
        given = plain_settings_given(with_named_metrics({} if settings is None else settings))
        dataset = text_given("dataset", dataset)
        files = paths_given("config_files", config_files)
        self.places, self.notes = {}, []
        self._given_places = places or {}
        self._data_root = ""
        self._dataset_file = None if complete else _yaml_beside_data(dataset, given, files)
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
        """Build the configuration that `as_plain_dict` was taken from, a run's config.yaml."""
        settings = dict(plain)
        for name in ("model", "dataset"):
            if settings.pop(name, None) is None:
                raise SettingsError(
                    f"the run's config.yaml does not name its {name}; add the line `{name}: ...`."
                )
        named = model or plain["model"], plain["dataset"], settings
        return cls(*named, places=places, may_change=may_change, complete=True)

    def as_plain_dict(self) -> dict[str, Any]:
        """Return all settings as plain data, to be kept beside a run's results."""
        final = self.final_config_dict
        plain = {name: _plain(value) for name, value in final.items() if name not in _DERIVED}
        if self._data_root:  # else RecBole's own copy
            plain["data_path"] = os.path.abspath(self._data_root)  # noqa: PTH100
        if not is_ours(self._class) and why_without_address(self._class) is None:
            plain["model"] = address_of(self._class)
        sampler = plain.get("train_neg_sample_args")
        if isinstance(sampler, dict):
            # RecBole writes "none" for no sampler and adds keys, which no flag takes.
            uniform = sampler.get("distribution") == "uniform"
            plain["train_neg_sample_args"] = dict(ONE_NEGATIVE) if uniform else None
        return {name: plain.pop(name) for name in ("model", "dataset")} | plain

    def compatibility_settings(self) -> None:
        """Set the names that numpy and scipy lack; RecBole's own version fails on numpy 2."""
        set_numpy_aliases()
        set_scipy_names()

    def _init_parameters_category(self) -> None:
        super()._init_parameters_category()
        # Copies: RecBole appends to these lists, which are shared by the process.
        self.parameters = {category: list(names) for category, names in self.parameters.items()}

    def _build_yaml_loader(self) -> type[SettingsLoader]:
        return SettingsLoader

    def _update_internal_config_dict(self, file: str | Path) -> dict[str, Any]:
        """Read a yaml file of defaults; RecBole would parse each anew for every configuration."""
        content = load_settings_file(Path(file))
        self.internal_config_dict.update(content)
        return content

    def _convert_config_dict(self, config_dict: dict[str, Any]) -> dict[str, Any]:
        """Return the values as they are: typed already, while RecBole would run `eval` on them."""
        return config_dict

    def _load_config_files(self, file_list: Sequence[Path] | None) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for path in file_list or ():
            content = load_settings_file(path)
            if path == self._dataset_file:
                content = self._readable(content, path)
            merged |= content
            self.places.update(dict.fromkeys(content, str(path)))
        return merged

    def _readable(self, content: dict[str, Any], path: Path) -> dict[str, Any]:
        """Leave out what speaks to other models; what speaks to none is refused later."""
        others = set(content) - known_settings(self._class)
        left_out = sorted(others & known_to_any_model()) if others else []
        if left_out:
            names, model = ", ".join(left_out), self._class.__name__
            self.notes.append(f"{path}: {names} not read, {model} has no such setting")
        return {name: value for name, value in content.items() if name not in left_out}

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
        # RecBole's model file once more: it must win over our overall.yaml.
        for path in model_files(model_class):
            self._update_internal_config_dict(path)
        self.internal_config_dict.update(training_defaults(self._class))
        self._apply_recipe()
        of_dataset = dataset_yaml(dataset)
        if of_dataset is not None:
            content = self._update_internal_config_dict(of_dataset)
            for name in set(content) - set(self.external_config_dict):
                self.places[name] = str(of_dataset)

    def _apply_recipe(self) -> None:
        """Put the published settings in the place of the default ones where they are asked for."""
        settings = self.internal_config_dict
        published = without_blocks(settings, self._class)
        if {**settings, **self.external_config_dict}.get("recipe", "default") != "published":
            return
        if published is None:
            raise SettingsError(
                f"--recipe=published: {self.model} has one recipe only; leave --recipe away."
            )
        settings.update(published)

    def _get_final_config_dict(self) -> dict[str, Any]:
        given = self.external_config_dict
        checked = checked_settings(super()._get_final_config_dict(), given, self.model_class)
        if not hasattr(self._class, "input_type"):
            checked.setdefault("loss_type", "CE")  # over all items, as RecBole's models without one
        # What is refused but for its harmless values: RecBole asks for some whether they are there.
        harmless = set(REFUSED_KEYS) & set(given) - set(self.internal_config_dict)
        return {name: value for name, value in checked.items() if name not in harmless}

    def _set_default_parameters(self) -> None:
        final = self.final_config_dict
        root, metrics = str(final["data_path"]), final["metrics"]
        final["metrics"] = ["Recall"]  # RecBole knows its own alone
        super()._set_default_parameters()
        final["metrics"] = metrics
        final["valid_metric_bigger"] = deciding_metric(final).bigger_is_better
        # RecBole reads ml-100k from its own wheel whatever data_path says; here a data_path that is
        # given counts.
        named = "data_path" in self.external_config_dict
        if self.dataset != BUNDLED_DATASET or named:
            place = Path(root).expanduser()
            self._data_root = str(place if named else root_or_own(place, self.dataset))
            final["data_path"] = str(Path(self._data_root) / self.dataset)
        final["checkpoint_dir"] = str(Path(final["checkpoint_dir"]).expanduser())
        if final["histories_folder"] is not None:  # a run may go on from another folder
            absolute = os.path.abspath(Path(final["histories_folder"]).expanduser())  # noqa: PTH100
            final["histories_folder"] = absolute
        check_data_folder(
            Path(final["data_path"]),
            self.dataset,
            [final[name] for name in ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD")],
            final["field_separator"],
            final["encoding"],
            named="dataset" not in self._given_places,
        )

    def _init_device(self) -> None:
        if not self.final_config_dict["use_gpu"]:
            # RecBole reads use_gpu nowhere; without a visible GPU it takes the CPU.
            self.final_config_dict["gpu_id"] = ""
        before = os.environ.get("CUDA_VISIBLE_DEVICES")
        given = self.final_config_dict["gpu_id"]
        self.final_config_dict["gpu_id"] = own_gpu(given)
        super()._init_device()
        self.final_config_dict["gpu_id"] = given  # what all processes of a run share
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


def _yaml_beside_data(
    dataset: str, settings: Mapping[str, Any], config_files: Sequence[Path]
) -> Path | None:
    """Return the settings file in the data set's folder, which speaks to all models, or None."""
    if Path(dataset).name != dataset or path_problem(dataset):  # refused later, with the fix
        return None
    root = str(root_or_own(Path("dataset"), dataset))  # RecBole's default
    for path in config_files:
        root = load_settings_file(path).get("data_path", root)
    root = str(settings.get("data_path", root))
    if path_problem(f"{root}/{dataset}/{dataset}.yaml"):
        return None
    path = Path(root).expanduser() / dataset / f"{dataset}.yaml"
    return path if path.is_file() else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
