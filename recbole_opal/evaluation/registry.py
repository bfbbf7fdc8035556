"""Which metrics there are: ours and RecBole's by name, a user's own by class or by its place.

A metric of ours is a class in `ranking` or `listed`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.evaluation import listed, ranking
from recbole_opal.evaluation.metric import Metric, MetricTraits, name_of
from recbole_opal.own_models import address_of, class_at, is_address, why_without_address
from recbole_opal.settings.checks import check_list_lengths
from recbole_opal.suggest import did_you_mean

__all__ = [
    "built_in",
    "checked_metrics",
    "chosen_metrics",
    "deciding_metric",
    "every_run_metrics",
    "known_metric",
    "labelled_metrics",
    "own_classes",
    "own_traits",
    "with_named_metrics",
]

_OF_VALUES = ("auc", "logloss", "mae", "rmse")  # RecBole's, which judge scores of single items
_own: dict[str, Metric] = {}  # by name, the latest class of a user's that this process has met


@cache
def built_in() -> Mapping[str, Metric]:
    """Return our metrics by name, those of RecBole's names among them."""
    held = [each for module in (ranking, listed) for each in vars(module).values()]
    classes = [each for each in held if isinstance(each, type) and issubclass(each, Metric)]
    return {each.name: each() for each in classes if each.problem() is None}


def known_metric(name: str) -> Metric | None:
    """Return the metric of a key of metrics.json, with or without `@k`; None if nobody knows it."""
    return built_in().get(name_of(name)) or _own.get(name_of(name))


def chosen_metrics(names: Iterable[str]) -> list[Metric]:
    """Return the metrics that the setting `metrics` names; a SettingsError tells the unknown."""
    return [_found(name) for name in names]


def labelled_metrics(names: Iterable[str]) -> dict[str, Metric]:
    """Return the chosen metrics by how settings write them: an own one, of a place, by its name."""
    metrics = {name: _found(name) for name in names}
    return {each.name if is_address(name) else name: each for name, each in metrics.items()}


def deciding_metric(settings: Any) -> Metric:
    """Return the metric that `valid_metric` names among the chosen ones."""
    wanted, found = name_of(settings["valid_metric"]), chosen_metrics(settings["metrics"])
    return next(each for each in found if each.name == wanted)


def every_run_metrics() -> list[Metric]:
    """Return the metrics of the test part of every run, whatever the settings name."""
    return [metric for metric in built_in().values() if metric.every_run]


def checked_metrics(settings: Mapping[str, Any]) -> list[str]:
    """Check `metrics`, `topk` and `valid_metric`; return the names, of own metrics the full place.

    A SettingsError tells the first problem.
    """
    found = chosen_metrics(settings["metrics"])
    classes = {metric.name: type(metric) for metric in found}
    for metric in found:
        if classes[metric.name] is not type(metric):
            raise SettingsError(
                f"--metrics: two metrics are called {metric.name}; give one class another name."
            )
    check_list_lengths(settings["topk"])
    available = [
        key
        for label, metric in labelled_metrics(settings["metrics"]).items()
        for key in ([f"{label}@{k}" for k in settings["topk"]] if metric.at_k else [label])
    ]
    wanted = settings["valid_metric"]
    if wanted.lower() not in map(str.lower, available):
        raise SettingsError(
            f"--valid_metric={wanted} is not measured; choose one of {', '.join(available)}, "
            "or change --metrics and --topk."
        )
    return [_written(each, name) for each, name in zip(found, settings["metrics"], strict=True)]


def with_named_metrics(settings: Any, *, for_others: bool = False) -> Any:
    """Return settings whose `metrics` are texts, where a program gave classes.

    With `for_others` other processes must find them, so that a class needs a file. Settings that
    are no mapping are told by whoever reads them.
    """
    given = settings.get("metrics") if isinstance(settings, Mapping) else None
    if isinstance(given, str) and is_address(given):
        given = given.split(",")
    several = [given] if isinstance(given, type | Metric) else given
    if not isinstance(several, list | tuple):
        return settings
    return {**settings, "metrics": [_text_of(each, for_others) for each in several]}


def own_classes(names: Iterable[str]) -> list[type[Metric]]:
    """Return the classes of the metrics of a user's among the chosen ones."""
    return [type(each) for each in chosen_metrics(names) if each.name not in built_in()]


def own_traits(names: Iterable[str]) -> dict[str, MetricTraits]:
    """Return what readers of results must know of the metrics of a user's among the chosen ones."""
    return {each.name: MetricTraits.of(each) for each in own_classes(names)}


def _text_of(metric: Any, for_others: bool) -> Any:
    """Return what the settings call a metric: a name, or the place of its class."""
    if for_others and isinstance(metric, str) and is_address(metric):
        metric = class_at(metric.strip(), "metrics")
    own = type(metric) if isinstance(metric, Metric) else metric
    if not isinstance(own, type):
        return metric
    found = _met(own)
    return _written(found, found.name, for_others)


def _written(metric: Metric, name: str, for_others: bool = False) -> str:
    """Return how config.yaml names a metric: as it was given, or the full place of an own class."""
    own = type(metric)
    placed = for_others or why_without_address(own) is None
    return address_of(own, "my_metrics.py") if placed and metric.name not in built_in() else name


def _found(name: str) -> Metric:
    if is_address(name):
        return _met(class_at(name, "metrics"))
    found = known_metric(name) if "@" not in name else None
    if found is not None and not found.every_run:
        return found
    offered = [each.name for each in built_in().values() if not each.every_run]
    why = "judges scores, not lists" if name.lower() in _OF_VALUES else "is not a metric"
    hint = did_you_mean(name, offered) or (
        f"; choose from {', '.join(offered)}, or name your own by its file, as my_metrics.py:Mine."
    )
    raise SettingsError(f"--metrics: {name} {why}{hint}")


def _met(own: type[Any]) -> Metric:
    """Check and keep a class of the user's."""
    problem: str | None = "is no metric; derive it from recbole_opal.Metric"
    if issubclass(own, Metric):
        problem = own.problem()
        here = None if problem else built_in().get(own.name)
        if type(here) is own:
            return here
        if here is not None:
            problem = f"has the name of a metric that is here, {own.name}; give it another `name`"
    if problem is not None:
        raise SettingsError(f"--metrics: the class {own.__name__} {problem}.")
    _own[own.name] = own()
    return _own[own.name]
