"""From what is asked to the runs that answer it; everything wrong is told here, before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import bigger_is_better
from recbole_opal.evaluation.registry import with_named_metrics
from recbole_opal.host import find_model_class, supported_models
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.origin import origin_of
from recbole_opal.host.validation import known_settings
from recbole_opal.own_models import address_of, is_ours
from recbole_opal.runs.origin import UNIMPORTANT, Origin, data_digests, settings_digest
from recbole_opal.settings.border import plain_settings_given, text_given
from recbole_opal.settings.fields import typed
from recbole_opal.settings.places import naming
from recbole_opal.settings.refused import refuse_unknown
from recbole_opal.settings.values import load_settings_file
from recbole_opal.side_by_side.shared_settings import (
    check_same_protocol,
    refuse_protocol_settings,
    settings_for,
)
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.side_by_side.worker_process import worker_threads
from recbole_opal.suggest import nearest

__all__ = ["Plan", "PlannedRun", "make_plan"]

_NAMED = {"model", "dataset"}  # which RecBole allows in a file of settings


@dataclass(frozen=True)
class PlannedRun:
    """One run that is asked for, with all given settings, the seed among them.

    Equal origins are the same run; `note` is what else its name says.
    """

    variant: Variant
    dataset: str
    seed: int
    settings: dict[str, Any]
    origin: Origin
    note: str = ""

    @property
    def name(self) -> str:
        """As it is called on screen."""
        return f"{self.variant.label} seed={self.seed}{self.note}"


@dataclass(frozen=True)
class Plan:
    """All that a comparison does.

    Attributes:
        variants: what is compared, under the models' own names.
        shared: the settings given for all that know them.
        places: the file of each of them that came from one.
        tune: number of settings tried a variant, 0 for none.
        tune_seconds: `max_train_seconds` of each trial, None: that of the runs.
        tune_steps: most steps of each stage of a trial, None: those of the runs.
        jobs: how many runs go at once.
        metric: the metric on validation that decides, in lower case.
        parent: the folder of the run folders.
        data: SHA-256 of each data file.
    """

    dataset: str
    variants: list[Variant]
    shared: dict[str, Any]
    places: Mapping[str, str]
    seeds: list[int]
    tune: int
    tune_seconds: float | None
    tune_steps: int | None
    jobs: int
    metric: str
    parent: Path
    data: Mapping[str, str]

    @property
    def bigger(self) -> bool:
        """Whether more of the metric is better."""
        return bigger_is_better(self.metric)

    @property
    def folder(self) -> Path:
        """The folder of the comparison; the same request has the same one."""
        return self.parent / f"comparison-{self.dataset}-{self.digest[:8]}"

    @property
    def trial_bounds(self) -> dict[str, float | None]:
        """What bounds a trial, as digests hold it: older versions knew no `tune_steps`."""
        bounds: dict[str, float | None] = {"tune_seconds": self.tune_seconds}
        return bounds if self.tune_steps is None else bounds | {"tune_steps": self.tune_steps}

    @property
    def digest(self) -> str:
        """Tells requests apart; where files lie and how many runs go at once does not count."""
        parts = {
            "dataset": self.dataset,
            "models": [variant.text for variant in self.variants],
            "seeds": self.seeds,
            "tune": [self.tune, *self.trial_bounds.values()],
            "settings": settings_digest(self.shared),
        }
        return settings_digest(parts)

    def given(self, variant: Variant) -> dict[str, Any]:
        """Return the settings given to a variant that decide its results."""
        settings = settings_for(variant, self.shared)
        return {name: value for name, value in settings.items() if name not in UNIMPORTANT}

    def trial(self, variant: Variant, **tried: Any) -> PlannedRun:
        """Return a run of a variant that tries some settings, within what bounds a trial."""
        bounds = _bounds(variant.model, self.tune_seconds, self.tune_steps)
        return self.run(variant, self.seeds[0], **tried, test_at_end=False, **bounds)

    def run(self, variant: Variant, seed: int, **changed: Any) -> PlannedRun:
        """Return a run of a variant, with some settings, as tuned ones, over the given ones."""
        settings = settings_for(variant, self.shared) | changed | {"seed": seed}
        config = _config(variant, self.dataset, settings, self.places)
        plain = config.as_plain_dict()
        if "data_path" in plain:  # also for a run that goes on, whose data may lie elsewhere now
            settings["data_path"] = plain["data_path"]
        origin = origin_of(config, self.data, worker_threads(self.jobs))
        return PlannedRun(variant, self.dataset, seed, settings, origin)


def make_plan(
    variants: Sequence[Variant],
    dataset: str,
    *,
    seeds: Sequence[int] = (),
    tune: int = 0,
    tune_seconds: float | None = None,
    tune_steps: int | None = None,
    jobs: int = 1,
    config_files: Sequence[Path] = (),
    settings: Mapping[str, Any] | None = None,
) -> Plan:
    """Decide what each run gets, and check all of it.

    No seeds take the `seed` setting. Of `config_files` later ones win, and `settings` over them.
    """
    dataset = text_given("dataset", dataset)
    named = _named(variants)
    shared, places = _shared(config_files, settings or {})
    with naming(places):
        refuse_protocol_settings(named)
        models = list(dict.fromkeys(variant.model for variant in named))
        known = set().union(*(known_settings(find_model_class(model)) for model in models))
        refuse_unknown(shared, known, models)
    configs = {
        variant.label: _config(variant, dataset, settings_for(variant, shared), places)
        for variant in named
    }
    first = configs[named[0].label]
    with naming(first.places):
        check_same_protocol(configs)
        if not first["test_at_end"]:
            raise SettingsError(
                "--test_at_end=False: a comparison is of the test part; leave the setting away."
            )
    plan = Plan(
        dataset=dataset,
        variants=named,
        shared=shared,
        places=places,
        seeds=list(seeds) or [int(first["seed"])],
        tune=tune,
        tune_seconds=tune_seconds,
        tune_steps=tune_steps,
        jobs=jobs,
        metric=str(first["valid_metric"]).lower(),
        parent=Path(first["checkpoint_dir"]),
        data=data_digests(Path(first["data_path"]), dataset, first["load_col"]),
    )
    if tune and tune_steps is not None:
        _check_trials(configs, tune_steps)
    return plan


def _check_trials(configs: Mapping[str, OpalConfig], steps: int) -> None:
    """Refuse a bound of steps that leaves nothing of a schedule to fall in."""
    for label, config in configs.items():
        warmup = config["warmup_steps"]
        if config["learning_rate_schedule"] != "constant" and warmup >= steps:
            raise SettingsError(
                f"--tune_steps={steps} is not above --warmup_steps={warmup} of {label}: a trial "
                f"would end before its rate falls; write --tune_steps={10 * max(warmup, 1)}, or "
                f"--warmup_steps={steps // 10}."
            )


def _bounds(model: str, seconds: float | None, steps: int | None) -> dict[str, Any]:
    """Return the settings of a trial of so many seconds, or steps in each stage, at most."""
    bounds: dict[str, Any] = {} if seconds is None else {"max_train_seconds": seconds}
    if steps is not None:
        # RecBole's models have one stage, which is called as that of most of ours.
        stages = getattr(find_model_class(model), "stages", ("train",))
        bounds["stage_steps"] = dict.fromkeys(stages, steps)
    return bounds


def _named(variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants under the models' own names, of which no two are the same."""
    named: list[Variant] = []
    models: dict[str, str] = {}
    for number, given in enumerate(variants):
        before = variants[number - 1] if number else Variant("")
        each = Variant(_model(given, before), plain_settings_given(given.settings))
        if models.setdefault(each.name, each.model) != each.model:
            raise SettingsError(
                f"--model: two models are called {each.name}; give one class another name."
            )
        named.append(each)
    return named


def _model(variant: Variant, before: Variant) -> str:
    """Return what a worker finds a variant's model by: its name, or where its class stands."""
    try:
        model_class = find_model_class(variant.model)
    except SettingsError:  # a list behind the `@` of the one before, without its brackets?
        if not before.settings or nearest(variant.model, supported_models()):
            raise
        name, value = list(before.settings.items())[-1]
        raise SettingsError(
            f"--model: {variant.model} behind {before.text} is not a model; if it belongs to "
            f"{name}, write {before.model}@{name}=[{typed(value)},{variant.model}]."
        ) from None
    return model_class.__name__ if is_ours(model_class) else address_of(model_class)


def _shared(
    config_files: Sequence[Path], settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is given for all models, and the file of each setting that came from one."""
    shared: dict[str, Any] = {}
    places: dict[str, str] = {}
    for path in config_files:
        content = load_settings_file(path)
        shared |= content
        places |= dict.fromkeys(content, str(path))
    own = plain_settings_given(with_named_metrics(settings, for_others=True))
    shared = with_named_metrics(shared | own, for_others=True)
    from_files = places.keys() & shared.keys() - own.keys() - _NAMED
    return (
        {name: value for name, value in shared.items() if name not in _NAMED},
        {name: places[name] for name in from_files},
    )


def _config(
    variant: Variant, dataset: str, settings: Mapping[str, Any], places: Mapping[str, str]
) -> OpalConfig:
    theirs = {n: at for n, at in places.items() if n in settings and n not in variant.settings}
    try:
        return OpalConfig(variant.model, dataset, settings, places=theirs)
    except SettingsError as error:
        raise SettingsError(f"{variant.label}: {error}") from error
