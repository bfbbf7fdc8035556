"""The model card of a bundle: what it is, on what it was trained, what it reaches, its limits.

Every number is the run's own; what the run does not know is said to be not stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from recbole_opal.evaluation.diagnostics import collapse_warning
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.exporting.card_settings import changed_settings, training_flags
from recbole_opal.exporting.data_licences import NOT_STATED, data_licence
from recbole_opal.exporting.front_matter import front_matter
from recbole_opal.exporting.limits import limits_in_words
from recbole_opal.exporting.measured import Measured, resamples_of
from recbole_opal.exporting.protocol_words import filters_in_words, protocol_in_words
from recbole_opal.exporting.usage import usage_lines
from recbole_opal.models.base import MultiInterestNetwork

__all__ = ["CardFacts", "model_card"]


@dataclass(frozen=True)
class CardFacts:
    """What a card tells.

    Attributes:
        about: `bundle.json`.
        network: the class of the model.
        settings: of the run, without those of one machine.
        metrics: `metrics.json`.
        measured: the test metrics of the stage; empty: it was not tested.
        users: of the test part; None: their values are not known, nor are intervals.
        examples: raw ids of a few items, to ask with.
        licence: of the model, None: not stated.
        data_licence: of the data, None: what is known by the data set's name.
    """

    about: Mapping[str, Any]
    network: type[MultiInterestNetwork]
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    measured: Sequence[Measured]
    users: int | None
    examples: Sequence[str]
    licence: str | None = None
    data_licence: str | None = None

    @property
    def title(self) -> str:
        """The model's name, without the place of a class of the user's."""
        return str(self.about["model"]).rpartition(":")[2]


def model_card(facts: CardFacts) -> str:
    """Return the text of `README.md`: Markdown under YAML front matter."""
    dataset = str(facts.about["dataset"])
    head = front_matter(facts.title, dataset, facts.measured, facts.licence)
    parts = [
        [f"# {facts.title} on {dataset}", "", *_what(facts)],
        ["## Use", "", *usage_lines(facts.about, facts.examples)],
        ["## Data", "", *_data(facts)],
        ["## Training", "", *_training(facts)],
        ["## Results on the test part", "", *_results(facts)],
        ["## Interests", "", *_interests(facts)],
        ["## Limits", "", *_points(limits_in_words(facts.about, facts.settings, facts.metrics))],
        ["## Licence", "", *_licences(facts)],
        ["## Versions", "", *_versions(facts)],
    ]
    return head + "\n" + "\n\n".join("\n".join(part) for part in parts) + "\n"


def _what(facts: CardFacts) -> list[str]:
    about = facts.about
    # Of a class of the user's own not what it inherits, which is about all models.
    own = vars(facts.network).get("__doc__")
    paper = own if about["own_model"] else getdoc(facts.network.Settings)
    return [
        f"A multi-interest model for candidate retrieval: a history becomes {about['interests']} "
        f"query vectors of width {about['width']}, and an item's score is {_rule(about)}. It knows "
        f"{about['items']} items and was exported in stage `{about['stage']}`.",
        "",
        " ".join((paper or "Its paper is not stated.").split()),
    ]


def _rule(about: Mapping[str, Any]) -> str:
    if about["scoring"] == "maximum":
        return "the largest of their inner products with the item's vector"
    temperature = about["temperature"]
    return (
        f"the log-sum-exp of their inner products with the item's vector, `{temperature} * "
        f"log(sum(exp(products / {temperature})))`"
    )


def _data(facts: CardFacts) -> list[str]:
    data, settings = facts.metrics.get("data", {}), facts.settings
    counts = [
        f"{data[name]} {words}"
        for name, words in (
            ("users", "users"),
            ("items", "items"),
            ("interactions", "interactions"),
            ("training_interactions", "of them for training"),
        )
        if name in data
    ]
    told = [f"Data set `{facts.about['dataset']}`: {', '.join(counts) or 'counts not stated'}."]
    told.append(protocol_in_words(settings))
    filters = filters_in_words(settings)
    told.append(f"Filters: {'; '.join(filters) or 'none by settings'}.")
    told.append("No user is in this folder: neither ids nor histories.")
    return _points(told)


def _training(facts: CardFacts) -> list[str]:
    record = facts.metrics["stages"][facts.about["stage"]]
    changed = changed_settings(facts.network, facts.settings)
    settings = ", ".join(f"`{name}: {value}`" for name, value in changed.items())
    recipe = facts.settings.get("recipe", "default")
    flags = " ".join(training_flags(facts.network, facts.settings))
    return [
        *_points(
            [
                f"Recipe `{recipe}`; settings that differ from its defaults: {settings or 'none'}.",
                f"{_best_epoch(record)} best on validation by "
                f"{facts.settings.get('valid_metric')}; seed {facts.settings.get('seed')}.",
                f"{facts.metrics['parameters']} parameters, "
                f"{facts.metrics['train_seconds']:.1f} s of training.",
            ]
        ),
        "",
        "```bash",
        f"recbole-opal {flags}",
        "```",
    ]


def _best_epoch(record: Mapping[str, Any]) -> str:
    if record["best_epoch"] < 0:
        return f"The weights the stage began with, no epoch of {record['epochs']}, were"
    return f"Epoch {record['best_epoch']} of {record['epochs']} (from 0) was"


def _results(facts: CardFacts) -> list[str]:
    if not facts.measured:
        return ["The run did not look at the test part (`test_at_end: False`)."]
    kept = facts.settings.get("mask_history")
    leave_one_out = "LS" in facts.settings["eval_args"]["split"]
    seen = "allowed in" if kept is False or (kept is None and leave_one_out) else "left out of"
    told = f"Over the whole catalogue, items of the history {seen} the lists. "
    if facts.users is None:
        told += "Intervals are not stated: the values of the users were not at hand."
    else:
        told += (
            f"The interval is that of the bootstrap over the {facts.users} users "
            f"({resamples_of(facts.users)} resamples): what other users would change, not what "
            "other seeds would. Where there is none, the metric belongs to all lists together."
        )
    rows = [_row(each) for each in facts.measured]
    return ["| metric | value | 95 % interval |", "|---|---|---|", *rows, "", told]


def _row(each: Measured) -> str:
    lower = "" if bigger_is_better(each.name) else " (lower is better)"
    ends = "–" if each.low is None else f"{each.low:.4f} to {each.high:.4f}"
    return f"| {title_of(each.name)}{lower} | {each.value:.4f} | {ends} |"


def _interests(facts: CardFacts) -> list[str]:
    found = facts.metrics["stages"][facts.about["stage"]].get("diagnostics")
    if found is None:
        return ["Not measured."]
    usage = ", ".join(f"{share:.0%}" for share in found["usage"] or ())
    told = [
        f"Share of the listed items that each of the {found['num_interests']} won, its score of "
        f"them being the largest: {usage}."
    ]
    for name, words in (
        ("usage_entropy", "Entropy of these shares (1 = even)"),
        ("hit_entropy", "The same over hits"),
        ("cosine", "Mean cosine between two interests of a user"),
        ("dead_users", "Share of users with an interest that wins nothing"),
    ):
        value = found[name]
        told.append(f"{words}: {'not known' if value is None else format(value, '.3f')}.")
    warning = collapse_warning(found)
    return _points([*told, *([f"**{warning}**"] if warning else [])])


def _licences(facts: CardFacts) -> list[str]:
    terms = facts.data_licence or data_licence(str(facts.about["dataset"]))
    return _points([f"Model: {facts.licence or NOT_STATED}.", f"Data: {terms}."])


def _versions(facts: CardFacts) -> list[str]:
    told = dict(facts.metrics.get("versions", {}))
    told.pop("platform", None)  # of the machine, not of the model
    told["exported with recbole-opal"] = facts.about["recbole_opal"]
    return _points(f"{name}: {version}" for name, version in told.items())


def _points(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]
