"""Rules that tie several settings together, and those of mappings that RecBole reads unchecked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import is_number, typed
from recbole_opal.settings.protocol import normalised_eval_args
from recbole_opal.suggest import did_you_mean

__all__ = [
    "ONE_NEGATIVE",
    "check_list_lengths",
    "check_stages",
    "check_together",
    "following_fields",
]

_USUAL_FIELDS = {"USER_ID_FIELD": "user_id", "ITEM_ID_FIELD": "item_id", "TIME_FIELD": "timestamp"}
_FILES = ("inter", "item", "user")  # endings of the atomic files that are read
# Columns that RecBole makes, by the setting that names them.
_MADE = ("ITEM_LIST_LENGTH_FIELD", "LABEL_FIELD", "POSITION_FIELD")
# What stands before or behind a name; without it the column made replaces the one it is made of.
_AFFIXES = {"NEG_PREFIX": "neg_", "LIST_SUFFIX": "_list"}
# The arguments of `torch.nn.utils.clip_grad_norm_`.
_NUMBERS, _SWITCHES = ("max_norm", "norm_type"), ("error_if_nonfinite", "foreach")
_CLIPPING = "write for example --clip_grad_norm=\"{'max_norm': 5.0}\"."
_SAMPLER = ("distribution", "sample_num", "alpha", "dynamic", "candidate_num")
_LONGEST_LIST = 2**16
ONE_NEGATIVE = {"distribution": "uniform", "sample_num": 1}
"""RecBole's sampler as losses over pairs take it, the only way it is used here."""


def check_together(
    settings: Mapping[str, Any], samples_negatives: bool, given: Collection[str] = ()
) -> dict[str, Any]:
    """Check the rules that no setting can break alone; return the settings that they complete.

    `samples_negatives` tells whether a RecBole model learns from items that RecBole draws, `given`
    which settings are no defaults.
    """
    _check_columns(settings)
    _check_gradients(settings)
    _check_item_table(settings)
    _check_schedule(settings)
    _check_scoring(settings, given)
    if "orthogonality_weight" in settings:
        _check_width(settings["num_interests"], settings["hidden_size"])
    _check_names(settings)
    _check_clipping(settings["clip_grad_norm"] or {})
    _check_index(settings["retrieval"], settings["retrieval_args"])
    return {
        "eval_args": normalised_eval_args(settings["eval_args"]),
        "load_col": _with_item_columns(settings),
        "train_neg_sample_args": _negatives(settings["train_neg_sample_args"], samples_negatives),
    }


def check_list_lengths(topk: Iterable[int]) -> None:
    """Check `topk`, the lengths of the lists that are judged."""
    for length in topk:
        if not 1 <= length <= _LONGEST_LIST:
            fault = "not in [1, inf)" if length < 1 else f"more than {_LONGEST_LIST}"
            raise SettingsError(
                f"--topk: {length} is {fault}; write for example --topk=[10,20,50]."
            )


def _check_columns(settings: Mapping[str, Any]) -> None:
    fields = [settings[name] for name in _USUAL_FIELDS]
    if len(set(fields)) < len(fields):
        raise SettingsError(
            f"--USER_ID_FIELD, --ITEM_ID_FIELD and --TIME_FIELD are {', '.join(fields)}; name "
            "three different columns."
        )
    files: Mapping[str, Any] | None = settings["load_col"]
    if files is None:
        return
    for ending, names in files.items():
        if ending not in _FILES:
            hint = did_you_mean(str(ending), _FILES) or f"; choose from {', '.join(_FILES)}."
            raise SettingsError(f"--load_col: there is no file .{ending}{hint}")
        is_list = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
        if names != "*" and not is_list:
            raise SettingsError(
                f"--load_col: {ending} has {names!r}; write a list of columns, or '*' for all."
            )
    columns = files.get("inter") or ()
    for name, field in zip(_USUAL_FIELDS, fields, strict=True):
        if columns != "*" and field not in columns:
            read = following_fields(settings) or {}
            inter = list(dict.fromkeys([*fields, *read.get("inter", ())]))
            raise SettingsError(
                f"--load_col: the column {field} ({name}) is missing under inter; write "
                f"--load_col={typed({**read, 'inter': inter})}, or name another one with --{name}."
            )
    if settings.get("unload_col") and files:
        raise SettingsError(
            "--unload_col leaves columns out where --load_col names none; write --load_col=None "
            "as well, or leave --unload_col away."
        )


def following_fields(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the default `load_col` under the names that the fields were given."""
    columns: dict[str, Any] | None = settings["load_col"]
    if columns is None:
        return None
    names = {usual: settings[name] for name, usual in _USUAL_FIELDS.items()}
    return {
        ending: columns if isinstance(columns, str) else [names.get(one, one) for one in columns]
        for ending, columns in columns.items()
    }


def _with_item_columns(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the columns to read, those of the item file that other settings name among them."""
    columns: dict[str, Any] | None = settings["load_col"]
    named = [settings["category_field"], *settings.get("item_features", ())]
    wanted = [name for name in dict.fromkeys(named) if name is not None]
    if not wanted or columns is None:
        return columns
    items = columns.get("item", [settings["ITEM_ID_FIELD"]])
    more = [] if items == "*" else [name for name in wanted if name not in items]
    return {**columns, "item": [*items, *more]} if more else columns


def _check_gradients(settings: Mapping[str, Any]) -> None:
    learner, clips = settings["learner"], settings["clip_grad_norm"] is not None
    sparse = settings.get("item_gradient") == "sparse"
    dense = "--item_gradient=sparse; write --item_gradient=dense as well"
    # SparseAdam has no decay, and under inner products the length of a vector counts.
    decays = settings["weight_decay"] > 0 and settings.get("similarity") == "inner_product"
    if settings["enable_scaler"] and clips:
        # RecBole clips the gradients while they are still scaled, so that the limit means nothing.
        problem = "--clip_grad_norm does not work with --enable_scaler=True; leave one of them away"
    elif not sparse and learner == "sparse_adam":
        problem = "--learner=sparse_adam needs sparse gradients; write --learner=adam"
    elif sparse and clips:
        problem = f"--clip_grad_norm does not work with {dense}"
    elif sparse and decays:
        decay = f"--weight_decay={settings['weight_decay']}"
        problem = f"{decay} does not reach the items with {dense}, or --weight_decay=0"
    elif sparse and learner != "adam":
        problem = f"--learner={learner} does not work with {dense}, or --learner=adam"
    else:
        return
    raise SettingsError(f"{problem}.")


def _check_item_table(settings: Mapping[str, Any]) -> None:
    """Refuse what the rows of a table cannot do: move by another optimiser, or lie in parts."""
    table = settings.get("item_table", "local")
    optimizer = settings.get("item_optimizer", "adam")
    if optimizer != "adam" and settings["item_gradient"] != "sparse":
        raise SettingsError(
            f"--item_optimizer={optimizer} moves the rows met, and --item_gradient="
            f"{settings['item_gradient']} moves all; write --item_gradient=sparse as well, or "
            "--item_optimizer=adam."
        )
    if table == "local":
        return
    wanted = {
        "item_optimizer": ("rowwise_adagrad", "the one that TorchRec has on processors"),
        "retrieval": ("torch", "each process searches its part exactly"),
        "enable_scaler": (False, "rows move before gradients are unscaled"),
        "enable_amp": (False, "rows move by gradients in single precision"),
    }
    for name, (value, reason) in wanted.items():
        if settings[name] != value:
            raise SettingsError(
                f"--item_table={table} needs --{name}={value} ({reason}); write it as well, or "
                "--item_table=local."
            )
    whole = {
        "--item_features": bool(settings["item_features"]),
        "--negative_sampling=full": settings["negative_sampling"] == "full",
    }
    for name in (name for name, asked in whole.items() if asked):
        raise SettingsError(
            f"{name} needs the vectors of all items in one process, which --item_table={table} "
            "has nowhere; leave it away, or write --item_table=local."
        )


def _check_schedule(settings: Mapping[str, Any]) -> None:
    """Refuse a warm-up that leaves nothing of a schedule to fall in."""
    warmup, steps = settings["warmup_steps"], settings["schedule_steps"]
    if settings["learning_rate_schedule"] == "constant":
        return
    if steps is not None and warmup >= steps:
        raise SettingsError(
            f"--warmup_steps={warmup} is not below --schedule_steps={steps}, the steps of the "
            f"whole schedule; write --schedule_steps={10 * max(warmup, 1)}, or "
            f"--warmup_steps={steps // 10}."
        )
    for stage, own in (settings["stage_steps"] or {}).items():
        if warmup >= own:
            raise SettingsError(
                f"--warmup_steps={warmup} is not below the {own} of --stage_steps, the steps of "
                f"stage {stage}; give it {10 * max(warmup, 1)}, or write "
                f"--warmup_steps={own // 10}."
            )


def check_stages(settings: Mapping[str, Any], own: Sequence[str], others: Iterable[str]) -> None:
    """Refuse names in `stage_steps` and its like that are stages of no model.

    Those of `others`, stages of models beside this one, are left alone, so that one value serves a
    whole comparison.
    """
    known = list(dict.fromkeys([*own, *others]))
    for name in ("stage_steps", "stage_rates", "stage_windows"):
        for stage in settings.get(name) or ():
            if stage not in known:
                hint = did_you_mean(stage, known) or f"; choose from {', '.join(own)}."
                raise SettingsError(f"--{name}: there is no stage {stage}{hint}")


def _check_scoring(settings: Mapping[str, Any], given: Collection[str]) -> None:
    """Refuse to train other scores than those that are served."""
    scoring = settings.get("scoring", "maximum")
    if scoring == "maximum":
        return
    for name, wanted in (("routing", "candidate"), ("seq2item", "retrieval")):
        if settings.get(name, wanted) == wanted:
            continue
        fixes = ["--scoring=maximum", f"--{name}={wanted}"]
        if "scoring" in given:  # what was asked for stays
            fixes.reverse()
        raise SettingsError(
            f"--{name}={settings[name]} trains other scores than --scoring={scoring}, by which all "
            f"interests score a candidate; write {fixes[0]} as well, or {fixes[1]}."
        )


def _check_width(interests: int, width: int) -> None:
    """Refuse more hyper-categories than dimensions: so many cannot be orthogonal."""
    if interests > width:
        raise SettingsError(
            f"--num_interests={interests} is more than --hidden_size={width}, so the "
            f"hyper-categories cannot be orthogonal; write --hidden_size={interests} or more."
        )


def _check_names(settings: Mapping[str, Any]) -> None:
    read = {settings[name]: name for name in _USUAL_FIELDS}
    for name in _MADE:
        if settings.get(name) in read:
            raise SettingsError(
                f"--{name}={settings[name]} is the column of --{read[settings[name]]} too; leave "
                f"--{name} away, or name a column that is not there."
            )
    for name, usual in _AFFIXES.items():
        if settings.get(name) == "":
            raise SettingsError(
                f"--{name} is empty, so that what is made of a column would replace it; leave it "
                f"away, it is {usual} then."
            )


def _check_clipping(arguments: Mapping[str, Any]) -> None:
    """Check what RecBole hands on as it is; an empty mapping clips nothing."""
    for name, given in arguments.items():
        if name not in (*_NUMBERS, *_SWITCHES):
            problem = f": {name} is none of {', '.join((*_NUMBERS, *_SWITCHES))}"
        elif name in _NUMBERS and not (is_number(given) and given > 0):
            problem = f": {name} is {given!r}, not a number above 0"
        elif name in _SWITCHES and not isinstance(given, bool) and given is not None:
            problem = f": {name} is {given!r}, not True or False"
        else:
            continue
        raise SettingsError(f"--clip_grad_norm{problem}; {_CLIPPING}")
    if arguments and "max_norm" not in arguments:
        raise SettingsError(f"--clip_grad_norm names no max_norm; {_CLIPPING}")


def _check_index(kind: str, arguments: Mapping[str, Any] | None) -> None:
    from recbole_opal.retrieval.index_settings import index_settings  # here: it loads torch

    index_settings(kind, arguments)


def _negatives(given: dict[str, Any] | None, samples: bool) -> dict[str, Any] | None:
    """Return the sampler's arguments: uniform negatives where a RecBole loss needs some."""
    given = given or {}
    for name in given:
        if name not in _SAMPLER:
            told = f"{name} is none of {', '.join(_SAMPLER)}"
            raise SettingsError(f"--train_neg_sample_args: {told}; leave it away.")
    if given.get("distribution") in (None, "none", "None"):
        return dict(ONE_NEGATIVE) if samples else None
    uniform = given["distribution"] == "uniform" and given.get("sample_num", 1) == 1
    if samples and uniform and not given.get("dynamic"):
        return dict(ONE_NEGATIVE)
    problem = ": only one uniform negative a row is drawn here"
    if not samples:
        problem = " is RecBole's sampler, which this model's loss does not use"
    raise SettingsError(f"--train_neg_sample_args{problem}; leave it away.")
