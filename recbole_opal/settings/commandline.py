"""RecBole's command line grammar, `--key=value`, read strictly."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.settings.properties import datasets_at_hand
from recbole_opal.settings.values import load_settings_file, parse_value
from recbole_opal.suggest import nearest

__all__ = ["Request", "parse_arguments", "split_flags"]

# What newcomers type, from the scripts of RecBole and its plugins.
_SHORT_FLAGS = {"-m": "--model", "-d": "--dataset", "-h": "--help"}
_OWN_FLAGS = ("model", "dataset", "config_files", "resume", "seeds", "tune", "tune_seconds", "jobs")
_LARGEST_SEED = 2**32 - 1
_EXAMPLES = 4  # data sets that a message names
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")


@dataclass(frozen=True)
class Request:
    """What the command line asks for; values are typed but not yet checked.

    Attributes:
        model: a model's name, or several with settings of their own, as
            `OPAL@num_interests=8,MIND`. Meaningless with `resume`.
        dataset: a data set's name, empty only with `resume`: the run's own config.yaml then names
            both.
        config_files: yaml files, later ones win.
        resume: the run folder to continue, or None.
        seeds: the seeds of a comparison; empty: the `seed` setting.
        tune: number of settings tried a model in a comparison.
        tune_seconds: `max_train_seconds` of each trial, None: that of the runs.
        jobs: number of runs at once in a comparison.
        settings: every other `--key=value`.
    """

    model: str = "OPAL"
    dataset: str = ""
    config_files: tuple[Path, ...] = ()
    resume: Path | None = None
    seeds: tuple[int, ...] = ()
    tune: int = 0
    tune_seconds: float | None = None
    jobs: int = 1
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def compares(self) -> bool:
        """Whether models stand side by side, in place of a single run."""
        return bool(self.seeds or self.tune or {",", "@"} & set(self.model))


def parse_arguments(argv: Sequence[str]) -> Request:
    """Read the arguments of the command.

    Args:
        argv: the arguments without the program's name, as `["--dataset=ml-100k",
            "--num_interests=8"]`.

    Raises:
        SettingsError: an argument is not of the form `--key=value`, a flag has two values, a config
            file is missing or malformed, or no data set is named.
    """
    texts = split_flags(argv)
    for name in _OWN_FLAGS:
        if texts.get(name) == "":
            raise SettingsError(f"--{name} is empty; write --{name}=VALUE.")
    settings = {name: parse_value(text) for name, text in texts.items() if name not in _OWN_FLAGS}
    if "resume" in texts:
        return _resume(texts, settings)
    config_files = tuple(Path(name) for name in texts.get("config_files", "").split())
    named = _named_in(config_files) | texts
    if "dataset" not in named:
        raise SettingsError(_how_to_name_a_dataset(settings))
    request = Request(
        model=named.get("model", "OPAL"),
        dataset=named["dataset"],
        config_files=config_files,
        seeds=_seeds(texts, settings),
        tune=_count(texts, "tune", 0),
        tune_seconds=_tune_seconds(texts),
        jobs=_count(texts, "jobs", 1),
        settings=settings,
    )
    if "jobs" in texts and not request.compares:
        raise SettingsError(
            "--jobs needs several runs; write for example --model=OPAL,MIND or --seeds=1,2,3."
        )
    return request


def _seeds(texts: Mapping[str, str], settings: Mapping[str, Any]) -> tuple[int, ...]:
    if "seeds" not in texts:
        return ()
    if "seed" in settings:
        raise SettingsError("--seed and --seeds are both given; keep --seeds.")
    value = parse_value(texts["seeds"])
    seeds = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not seeds or not all(_is_whole(seed) and 0 <= seed <= _LARGEST_SEED for seed in seeds):
        raise SettingsError(
            f"--seeds={texts['seeds']} is not a list of integers in [0, {_LARGEST_SEED}]; write "
            "for example --seeds=1,2,3."
        )
    if len(set(seeds)) < len(seeds):
        raise SettingsError(f"--seeds={texts['seeds']} names a seed twice; keep one of them.")
    return seeds


def _count(texts: Mapping[str, str], name: str, default: int) -> int:
    """Return the number of settings to try or of runs at once; the default is the smallest."""
    value = parse_value(texts[name]) if name in texts else default
    if not _is_whole(value) or value < default:
        raise SettingsError(
            f"--{name}={texts[name]} is not an integer in [{default}, inf); write for example "
            f"--{name}={default + 1}."
        )
    return int(value)


def _tune_seconds(texts: Mapping[str, str]) -> float | None:
    if "tune_seconds" not in texts:
        return None
    value = parse_value(texts["tune_seconds"])
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise SettingsError(
            f"--tune_seconds={texts['tune_seconds']} is not a number in (0, inf); write for "
            "example --tune_seconds=60."
        )
    if "tune" not in texts:
        raise SettingsError("--tune_seconds bounds the trials of --tune; write --tune=8 too.")
    return float(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def split_flags(argv: Sequence[str]) -> dict[str, str]:
    """Return the text behind each flag's first `=`.

    Args:
        argv: the arguments, all of the form `--key=value`.

    Raises:
        SettingsError: an argument is not of that form, or a flag has two values.
    """
    texts: dict[str, str] = {}
    for position, argument in enumerate(argv):
        name, equals, text = argument.removeprefix("--").partition("=")
        if not (argument.startswith("--") and equals and _NAME.fullmatch(name)):
            raise SettingsError(_how_to_write(argument, argv[position + 1 : position + 2]))
        if texts.setdefault(name, text) != text:
            raise SettingsError(
                f"--{name} is given twice, as {texts[name]} and as {text}; keep one of them."
            )
    return texts


def _how_to_write(argument: str, following: Sequence[str]) -> str:
    """Say what is wrong with an argument that is not `--key=value`, and what to write."""
    value = following[0] if following and not following[0].startswith("-") else "VALUE"
    bare = argument.partition("=")[0]
    if bare in _SHORT_FLAGS:
        given = argument.partition("=")[2] or value
        right = _SHORT_FLAGS[bare] + ("" if bare == "-h" else f"={given}")
        return f"{bare} is not a flag here; write {right}."
    if argument.startswith("--") and argument.partition("=")[1]:
        return f"'{argument}' has no proper name before '='; write --key=value."
    if argument.startswith("--") and _NAME.fullmatch(argument[2:]):
        return f"{argument} needs its value behind '='; write {argument}={value} without a space."
    if argument.startswith("-") and _NAME.fullmatch(argument.lstrip("-").partition("=")[0]):
        name, _, given = argument.lstrip("-").partition("=")
        return f"{argument} is not a flag here; write --{name}={given or value}."
    return (
        f"'{argument}' is not a flag; write --key=value without spaces, "
        "or with quotes around a value that holds spaces."
    )


def _how_to_name_a_dataset(settings: Mapping[str, Any]) -> str:
    misspelt = nearest("dataset", set(settings) - {"data_path"})  # that is a name of its own
    if misspelt is not None:
        return f"--{misspelt} is not a flag; did you mean --dataset={settings[misspelt]}?"
    root = str(settings["data_path"]) if settings.get("data_path") else None
    names = datasets_at_hand(root)
    if not names:
        return (
            f"--dataset is missing, and --data_path={root} holds no data set: a folder NAME with a "
            "file NAME.inter; name the folder above that one."
        )
    examples = " or ".join(f"--dataset={name}" for name in names[:_EXAMPLES])
    return f"--dataset is missing; write for example {examples}."


def _resume(texts: Mapping[str, str], settings: dict[str, Any]) -> Request:
    for name in ("model", "dataset", "config_files"):
        if name in texts:
            raise SettingsError(
                f"--{name} cannot be given with --resume, whose folder already names it; leave "
                f"--{name} away."
            )
    for name in ("seeds", "tune", "tune_seconds", "jobs"):
        if name in texts:
            raise SettingsError(
                f"--{name} cannot be given with --resume, which continues a single run; a "
                "comparison goes on by giving its command again."
            )
    return Request(resume=Path(texts["resume"]), settings=settings)


def _named_in(config_files: Sequence[Path]) -> dict[str, str]:
    """Return the `model` and `dataset` that the files name; RecBole allows both there."""
    named: dict[str, str] = {}
    for path in config_files:
        content = load_settings_file(path)
        named |= {name: str(content[name]) for name in ("model", "dataset") if name in content}
    return named
