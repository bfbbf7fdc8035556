"""RecBole's command line grammar, `--key=value`, read strictly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.settings.counts import checked_count, checked_seconds, checked_seeds
from recbole_opal.settings.grammar import split_flags
from recbole_opal.settings.paths import checked_path, home_path, path_problem
from recbole_opal.settings.properties import datasets_at_hand
from recbole_opal.settings.texts import TEXTS
from recbole_opal.settings.values import load_settings_file, parse_value, setting_value
from recbole_opal.suggest import nearest

__all__ = ["Request", "parse_arguments", "split_flags"]

_OWN_FLAGS = ("model", "dataset", "config_files", "resume", "seeds", "tune", "tune_seconds", "jobs")
_EXAMPLES = 4  # data sets that a message names


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
    settings = {
        name: setting_value(name, text) for name, text in texts.items() if name not in _OWN_FLAGS
    }
    if "resume" in texts:
        return _resume(texts, settings)
    config_files = _config_files(texts)
    named = _named_in(config_files) | texts
    if "dataset" not in named:
        raise SettingsError(_how_to_name_a_dataset(settings, config_files))
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


def _config_files(texts: Mapping[str, str]) -> tuple[Path, ...]:
    if "config_files" not in texts:
        return ()
    text = texts["config_files"]
    if " " in text and not path_problem(text) and home_path(text).is_file():
        return (home_path(text),)  # one file, whose name holds spaces
    names = [name for name in text.split(" ") if name]
    if not names:
        raise SettingsError("--config_files names no file; leave it away, or name one.")
    return tuple(checked_path(name, "config_files") for name in names)


def _seeds(texts: Mapping[str, str], settings: Mapping[str, Any]) -> tuple[int, ...]:
    if "seeds" not in texts:
        return ()
    if "seed" in settings:
        raise SettingsError("--seed and --seeds are both given; keep --seeds.")
    return checked_seeds(parse_value(texts["seeds"]), texts["seeds"], least=1)


def _count(texts: Mapping[str, str], name: str, default: int) -> int:
    if name not in texts:
        return default
    return checked_count(name, parse_value(texts[name]), texts[name], default)


def _tune_seconds(texts: Mapping[str, str]) -> float | None:
    if "tune_seconds" not in texts:
        return None
    seconds = checked_seconds(parse_value(texts["tune_seconds"]), texts["tune_seconds"])
    if "tune" not in texts:
        raise SettingsError("--tune_seconds bounds the trials of --tune; write --tune=8 too.")
    return seconds


def _how_to_name_a_dataset(settings: Mapping[str, Any], config_files: Sequence[Path]) -> str:
    misspelt = nearest("dataset", [name for name in settings if name not in TEXTS])
    if misspelt is not None:
        return f"--{misspelt} is not a flag; did you mean --dataset={settings[misspelt]}?"
    root = settings.get("data_path")
    for path in config_files:
        content = load_settings_file(path)
        misspelt = nearest("dataset", [name for name in content if name not in TEXTS])
        if misspelt is not None:
            value = content[misspelt]
            return f"{path}: {misspelt} is not a setting; did you mean dataset: {value}?"
        root = root or content.get("data_path")
    root = str(root) if root else None
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
    return Request(resume=checked_path(texts["resume"], "resume"), settings=settings)


def _named_in(config_files: Sequence[Path]) -> dict[str, str]:
    """Return the `model` and `dataset` that the files name; RecBole allows both there."""
    named: dict[str, str] = {}
    for path in config_files:
        content = load_settings_file(path)
        for name in ("model", "dataset"):
            if content.get(name) is not None:
                named[name] = str(content[name])
    return named
