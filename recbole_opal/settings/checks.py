"""Rules that tie several settings together."""

from collections.abc import Mapping
from typing import Any

from recbole_opal.data.reading.advice import load_col_flag
from recbole_opal.errors import SettingsError
from recbole_opal.settings.protocol import normalised_eval_args
from recbole_opal.settings.upstream_rules import check_upstream
from recbole_opal.suggest import did_you_mean

__all__ = ["check_together", "following_fields"]

_USUAL_FIELDS = {"USER_ID_FIELD": "user_id", "ITEM_ID_FIELD": "item_id", "TIME_FIELD": "timestamp"}
_FILES = ("inter", "item", "user")  # endings of the atomic files that are read


def check_together(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Check the rules that no setting can break alone; return the settings that they complete.

    Args:
        settings: all settings of a run, each of the right type and range.

    Raises:
        SettingsError: two settings contradict each other.
    """
    _check_columns(settings)
    _check_gradients(settings)
    _check_width(settings)
    check_upstream(settings)
    return {
        "eval_args": normalised_eval_args(settings["eval_args"]),
        "load_col": _with_categories(settings),
        "train_neg_sample_args": _negatives(settings),
    }


def _check_columns(settings: Mapping[str, Any]) -> None:
    fields = [settings[name] for name in ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD")]
    if len(set(fields)) < len(fields):
        raise SettingsError(
            f"--USER_ID_FIELD, --ITEM_ID_FIELD and --TIME_FIELD are {', '.join(fields)}; name "
            "three different columns."
        )
    _check_files(settings["load_col"] or {})
    columns = (settings["load_col"] or {}).get(
        "inter", "*" if settings["load_col"] is None else None
    )
    if columns == "*":
        return
    for name in ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD"):
        if settings[name] not in (columns or ()):
            needed = _with_fields(settings)
            raise SettingsError(
                f"--load_col: the column {settings[name]} ({name}) is missing under inter; "
                f"write {load_col_flag(needed)}, or name another one with --{name}."
            )


def following_fields(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the default columns to read under the names that the fields were given.

    Args:
        settings: with `load_col` that no user gave.
    """
    columns: dict[str, Any] | None = settings["load_col"]
    if columns is None:
        return None
    names = {usual: settings[name] for name, usual in _USUAL_FIELDS.items()}
    return {
        ending: columns if isinstance(columns, str) else [names.get(one, one) for one in columns]
        for ending, columns in columns.items()
    }


def _with_fields(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns to read, those of users, items and times among them."""
    fields = [settings[name] for name in _USUAL_FIELDS]
    renamed = following_fields(settings) or {}
    return {**renamed, "inter": list(dict.fromkeys([*fields, *renamed.get("inter", ())]))}


def _check_files(columns: Mapping[str, Any]) -> None:
    for ending, names in columns.items():
        if ending not in _FILES:
            hint = did_you_mean(str(ending), _FILES) or f"; choose from {', '.join(_FILES)}."
            raise SettingsError(f"--load_col: there is no file .{ending}{hint}")
        is_list = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
        if names != "*" and not is_list:
            raise SettingsError(
                f"--load_col: {ending} has {names!r}; write a list of columns, or '*' for all."
            )


def _with_categories(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the columns to read, the item file's column of categories among them."""
    columns: dict[str, Any] | None = settings["load_col"]
    category = settings["category_field"]
    if category is None or columns is None:
        return columns
    items = columns.get("item", [settings["ITEM_ID_FIELD"]])
    return columns if items == "*" or category in items else {**columns, "item": [*items, category]}


def _check_gradients(settings: Mapping[str, Any]) -> None:
    if settings["enable_scaler"] and settings["clip_grad_norm"] is not None:
        # RecBole clips the gradients while they are still scaled, so that the limit means nothing.
        raise SettingsError(
            "--clip_grad_norm does not work with --enable_scaler=True; leave one of them away."
        )
    if settings.get("item_gradient") != "sparse":
        if settings["learner"] == "sparse_adam":
            raise SettingsError(
                "--learner=sparse_adam needs sparse gradients; write --learner=adam."
            )
        return
    if settings["clip_grad_norm"] is not None:
        raise SettingsError(
            "--clip_grad_norm does not work with --item_gradient=sparse; write "
            "--item_gradient=dense as well."
        )
    if settings["weight_decay"] > 0 and settings["similarity"] == "inner_product":
        # SparseAdam has no decay, and under inner products the length of a vector counts.
        raise SettingsError(
            f"--weight_decay={settings['weight_decay']} does not reach the items with "
            "--item_gradient=sparse; write --item_gradient=dense as well, or --weight_decay=0."
        )
    if settings["learner"] != "adam":
        raise SettingsError(
            f"--learner={settings['learner']} does not work with --item_gradient=sparse; "
            "write --item_gradient=dense as well, or --learner=adam."
        )


def _check_width(settings: Mapping[str, Any]) -> None:
    """Refuse more hyper-categories than dimensions: so many cannot be orthogonal."""
    if "orthogonality_weight" not in settings:
        return
    interests, width = settings["num_interests"], settings["hidden_size"]
    if interests > width:
        raise SettingsError(
            f"--num_interests={interests} is more than --hidden_size={width}, so the "
            f"hyper-categories cannot be orthogonal; write --hidden_size={interests} or more."
        )


def _negatives(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the sampler's arguments: uniform negatives where a RecBole loss needs some."""
    given: dict[str, Any] | None = settings["train_neg_sample_args"]
    if given is None or given.get("distribution") in (None, "none", "None"):
        given = None
    if settings["samples_negatives"]:
        arguments = given or {"distribution": "uniform", "sample_num": 1}
        if (
            arguments.get("distribution") != "uniform"
            or arguments.get("sample_num", 1) != 1
            or arguments.get("dynamic")
        ):
            raise SettingsError(
                "--train_neg_sample_args: only one uniform negative a row is drawn here; leave "
                "it away."
            )
        return {"distribution": "uniform", "sample_num": 1}
    if given is not None:
        raise SettingsError(
            "--train_neg_sample_args is RecBole's sampler, which this model's loss does not use; "
            "leave it away."
        )
    return None
