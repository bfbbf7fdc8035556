"""What the command that trains and compares is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import Finite, Numbers, Section, check_section, setting
from recbole_opal.settings.grammar import split_flags
from recbole_opal.settings.paths import checked_path, home_path, path_problem
from recbole_opal.settings.properties import datasets_at_hand
from recbole_opal.settings.values import TEXTS, load_settings_file, parse_value, setting_value
from recbole_opal.suggest import nearest

__all__ = ["ComparisonOptions", "Request", "checked_options", "parse_arguments"]

_EXAMPLES = 4  # data sets that a message names


def _seeds(seeds: list[int]) -> list[int]:
    if not all(0 <= seed < 2**32 for seed in seeds):
        raise ValueError(f"write a list of integers in [0, {2**32 - 1}]")
    if len(set(seeds)) < len(seeds):
        raise ValueError("it names a seed twice, keep one of them")
    return seeds


class ComparisonOptions(Section):
    """What a comparison is asked for beside settings."""

    seeds: Annotated[Numbers, AfterValidator(_seeds)] = setting(
        [], "each row is the mean of one run a seed", examples=["1,2,3"]
    )
    tune: int = setting(
        0, "settings tried a row; test is not looked at", ge=0, le=10**6, examples=[8]
    )
    tune_seconds: Finite | None = setting(
        None, "max_train_seconds of each trial", gt=0, examples=[60]
    )
    tune_steps: int | None = setting(
        None, "most steps of each stage of a trial", ge=1, le=10**9, examples=[200]
    )
    jobs: int = setting(1, "runs at once, each in its own process", ge=1, le=4096, examples=[2])


_OPTIONS = tuple(ComparisonOptions.model_fields)
_OWN_FLAGS = ("model", "dataset", "config_files", "resume", *_OPTIONS)


@dataclass(frozen=True)
class Request:
    """What the command line asks for; values are typed but not yet checked.

    `settings` holds every `--key=value` that is not a field here; of `resume`, a run folder to
    continue, the config.yaml names model and data set.
    """

    model: str = "OPAL"  # or several with settings of their own, as `OPAL@num_interests=8,MIND`
    dataset: str = ""
    config_files: tuple[Path, ...] = ()
    resume: Path | None = None
    seeds: tuple[int, ...] = ()
    tune: int = 0
    tune_seconds: float | None = None
    tune_steps: int | None = None
    jobs: int = 1
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def compares(self) -> bool:
        """Whether models stand side by side, in place of a single run."""
        return bool(self.seeds or self.tune or {",", "@"} & set(self.model))


def checked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return seeds (a tuple), tune, its bounds and jobs, with their defaults."""
    options = check_section(ComparisonOptions, given)
    return options | {"seeds": tuple(options["seeds"])}


def parse_arguments(argv: Sequence[str]) -> Request:
    """Read the arguments of the command; a SettingsError tells what to write instead."""
    texts = split_flags(argv)
    for name in _OWN_FLAGS:
        if texts.get(name) == "":
            raise SettingsError(f"--{name} is empty; write --{name}=VALUE.")
    settings = {
        name: setting_value(name, text) for name, text in texts.items() if name not in _OWN_FLAGS
    }
    if "resume" in texts:
        return _resume(texts, settings)
    config_files = _config_files(texts.get("config_files"))
    named = _named_in(config_files) | texts
    if "dataset" not in named:
        raise SettingsError(_how_to_name_a_dataset(settings, config_files))
    request = Request(
        model=named.get("model", "OPAL"),
        dataset=named["dataset"],
        config_files=config_files,
        **checked_options({name: parse_value(texts[name]) for name in _OPTIONS if name in texts}),
        settings=settings,
    )
    _refuse_idle_options(request, texts)
    return request


def _refuse_idle_options(request: Request, texts: Mapping[str, str]) -> None:
    """Refuse options that would change nothing."""
    if "seeds" in texts and not request.seeds:
        raise SettingsError("--seeds names no seed; write for example --seeds=1,2,3.")
    if "seeds" in texts and "seed" in texts:
        raise SettingsError("--seed and --seeds are both given; keep --seeds.")
    for name in ("tune_seconds", "tune_steps"):
        if name in texts and "tune" not in texts:
            raise SettingsError(f"--{name} bounds the trials of --tune; write --tune=8 too.")
    if "jobs" in texts and not request.compares:
        raise SettingsError(
            "--jobs needs several runs; write for example --model=OPAL,MIND or --seeds=1,2,3."
        )


def _config_files(text: str | None) -> tuple[Path, ...]:
    if text is None:
        return ()
    if " " in text and not path_problem(text) and home_path(text).is_file():
        return (home_path(text),)  # one file, whose name holds spaces
    names = [name for name in text.split(" ") if name]
    if not names:
        raise SettingsError("--config_files names no file; leave it away, or name one.")
    return tuple(checked_path(name, "config_files") for name in names)


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
    names = datasets_at_hand(str(root) if root else None)
    if not names:
        return (
            f"--dataset is missing, and --data_path={root} holds no data set: a folder NAME with a "
            "file NAME.inter; name the folder above that one."
        )
    examples = " or ".join(f"--dataset={name}" for name in names[:_EXAMPLES])
    return f"--dataset is missing; write for example {examples}."


def _resume(texts: Mapping[str, str], settings: dict[str, Any]) -> Request:
    for name in ("model", "dataset", "config_files", *_OPTIONS):
        if name in texts:
            why = f"whose folder already names it; leave --{name} away"
            if name in _OPTIONS:
                why = "which continues one run; a comparison goes on by giving its command again"
            raise SettingsError(f"--{name} cannot be given with --resume, {why}.")
    return Request(resume=checked_path(texts["resume"], "resume"), settings=settings)


def _named_in(config_files: Sequence[Path]) -> dict[str, str]:
    """Return the `model` and `dataset` that the files name; RecBole allows both there."""
    merged: dict[str, Any] = {}
    for path in config_files:
        content = load_settings_file(path)
        merged |= {name: content[name] for name in ("model", "dataset") if name in content}
    return {name: str(value) for name, value in merged.items() if value is not None}
