"""The texts of `--help`, made from the schemas, so that they cannot fall behind."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.settings.commandline import ComparisonOptions
from recbole_opal.settings.fields import allowed, typed
from recbole_opal.settings.properties import datasets_at_hand, own_model_names
from recbole_opal.settings.protocol import protocol_help
from recbole_opal.settings.schema import SHARED_FIELDS, SHARED_SECTIONS
from recbole_opal.settings.values import load_settings_file
from recbole_opal.suggest import did_you_mean

__all__ = ["help_text", "topic_of"]

_USAGE = """\
Train a recommender in its stages, evaluate it, and keep everything in a run folder; or put
several side by side, with seeds, tests of their differences, tables and a report.

usage: {program} --dataset=NAME [--model=NAME] [--key=value ...]
       {program} --dataset=NAME --model=NAME,NAME@key=value,... [--seeds=1,2,3] ...
       {other} ...

  --dataset=NAME        {datasets},
                        or any folder NAME with NAME.inter inside --data_path
{models},
                        a model of RecBole (GRU4Rec, SASRec, Pop, ItemKNN, LightGCN, ...),
                        or your own class: package.module:Class or file.py:Class
  --config_files='A B'  yaml files with settings; a later file wins, and a flag wins over files
  --resume=FOLDER       continue the run in FOLDER exactly where it stopped
  --version             the version

side by side, with more than one model, --seeds or --tune:
  --model=A,B@k=v       a row each; a setting behind @ is for that row alone
{options}

A value is a number, a word, True, False, None, a list or a mapping; `--key value` is the same as
`--key=value`. The same command again goes on where a comparison stopped.

examples:
  {program} --dataset=ml-100k
  {program} --dataset=ml-100k --num_interests=8 --stages=soft --topk=[20,50]
  {program} --dataset=ml-100k --model=OPAL,OPAL@num_interests=8,SASRec --seeds=1,2,3

commands:
{commands}

more help:
  --help=OPAL           a model's settings: defaults, ranges, meanings
  --help={sections}
                        settings that all models share
  --help=topk           one of these
  --help=protocols      how to split into training, validation and test: --eval_args
  --help=indexes        approximate searches: --retrieval and --retrieval_args
  --help=all            everything"""


_SECTIONS = {
    section.__name__.removesuffix("Settings").lower(): section.model_fields
    for section in SHARED_SECTIONS
}
_OPTIONS = ComparisonOptions.model_fields


def topic_of(argv: Sequence[str]) -> str:
    """Return what `--help=TOPIC` or `--help TOPIC` asks for; empty for the overview."""
    for position, word in enumerate(argv):
        if word.startswith("--help="):
            return word.partition("=")[2]
        if word == "--help" and argv[position + 1 :] and not argv[position + 1].startswith("-"):
            return argv[position + 1]
    return ""


def help_text(topic: str = "", commands: Mapping[str, str] | None = None) -> str:
    """Return the help on a topic; empty: the overview, with the meanings of the commands."""
    if not topic:
        return _overview(commands or {})
    if topic.lower() == "protocols":
        return "protocols, as --eval_args=\"{'split': ...}\":\n" + protocol_help()
    if topic.lower() == "indexes":
        from recbole_opal.retrieval.index_settings import index_help  # here: it loads torch

        return (
            "approximate searches, as --retrieval=ivf-flat --retrieval_args=...:\n" + index_help()
        )
    if topic.lower() in _SECTIONS:
        return _listing(topic.lower(), _SECTIONS[topic.lower()])
    if topic in SHARED_FIELDS:
        return _listing("all models", {topic: SHARED_FIELDS[topic]})
    if topic.lower() == "all":
        first, *others = own_model_names()
        own = [_of_model(first), *(_of_model(name, like=first) for name in others)]
        lists = [_listing(title, fields) for title, fields in _SECTIONS.items()]
        return "\n\n".join(
            [_overview(commands or {}), help_text("protocols"), *own, *lists, help_text("indexes")]
        )
    return _of_model(topic)


def _overview(commands: Mapping[str, str]) -> str:
    options = {f"--{k}={f.examples[0]}": f for k, f in _OPTIONS.items() if f.examples}
    return _USAGE.format(
        program=command(),
        other=command(name="COMMAND"),
        datasets=", ".join(datasets_at_hand()),
        models=textwrap.fill(
            ", ".join(own_model_names()),
            96,
            initial_indent="  --model=NAME          ",
            subsequent_indent=" " * 24,
        ),
        options="\n".join(f"  {flag:<22}{field.description}" for flag, field in options.items()),
        commands="\n".join(f"  {name:<22}{meaning}" for name, meaning in commands.items()),
        sections="|".join(_SECTIONS),
    )


def _of_model(name: str, like: str = "") -> str:
    """Return the settings of a model, ours, RecBole's or the user's own, with its defaults.

    What is the same in the model `like` is left out.
    """
    from recbole_opal.host import yaml_settings as files
    from recbole_opal.host.upstream_models import supported_models

    try:
        title, section, yamls = files.what_is_told(name)
    except SettingsError as error:
        if ":" in name:
            raise
        topics = {*_SECTIONS, *SHARED_FIELDS, *supported_models(), "protocols", "indexes", "all"}
        hint = did_you_mean(name, topics, "--help=") or f"; {str(error).partition('; ')[2]}"
        raise SettingsError(f"--help={name}: there is no such topic{hint}") from error
    defaults = files.default_settings(name)
    if section is not None:
        seen = files.default_settings(like).items() if like else ()
        fields = section.model_fields.items()
        own = {key: field for key, field in fields if (key, defaults[key]) not in seen}
        parts = [_listing(title, own, defaults)]
    else:
        kinds = files.foreign_kinds(yamls[-1].stem)
        parts = [f"{title}:"]
        for setting in sorted(defaults.keys() & kinds.keys() - files.foreign_kinds("").keys()):
            told = getattr(kinds[setting], "__name__", "any value")
            parts.append(f"  --{setting}={typed(defaults[setting])}  ({told})")
    given = {key for path in yamls[1:] for key in load_settings_file(path)} & SHARED_FIELDS.keys()
    others = ", ".join(f"--{key}={typed(defaults[key])}" for key in sorted(given))
    text = f"its defaults for shared settings: {others}"
    wrapped = textwrap.fill(text, 96, initial_indent="  ", subsequent_indent="    ")
    return "\n".join([*parts, wrapped] if others else parts)


def _listing(
    title: str, fields: Mapping[str, FieldInfo], defaults: Mapping[str, Any] | None = None
) -> str:
    lines = [f"{title}:"]
    for name, field in fields.items():
        lines.append(f"  --{name}={typed((defaults or {}).get(name, field.default))}")
        text = f"{field.description}; {allowed(field)}"
        lines += textwrap.wrap(text, 96, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join(lines)
