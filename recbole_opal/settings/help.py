"""The text of `--help`, made from the schema, so that it cannot fall behind."""

import textwrap
from collections.abc import Mapping

from pydantic.fields import FieldInfo

from recbole_opal.process.program import command
from recbole_opal.settings.fields import Section, allowed, typed
from recbole_opal.settings.model_schemas import MultiInterestSettings, section_of
from recbole_opal.settings.properties import datasets_at_hand, model_yaml
from recbole_opal.settings.protocol import protocol_help
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.settings.values import load_settings_file

__all__ = ["help_text"]

_USAGE = """\
Train a recommender in its stages, evaluate it, and keep everything in a run folder; or put
several side by side, with seeds, tests of their differences, tables and a report.

usage: {program} --dataset=NAME [--model=NAME] [--key=value ...]
       {program} --dataset=NAME --model=NAME,NAME@key=value,... [--seeds=1,2,3] ...

  --dataset=NAME        {datasets},
                        or any folder NAME with NAME.inter inside --data_path
  --model=NAME          {models},
                        or a model of RecBole: sequential (GRU4Rec, SASRec, SINE, ...) or
                        general (Pop, ItemKNN, MultiVAE, LightGCN, ...)
  --config_files='A B'  yaml files with settings; a later file wins, and a flag wins over files
  --resume=FOLDER       continue the run in FOLDER exactly where it stopped
  --help, --version     this text, the version

  side by side: more than one model, or --seeds, or --tune
  --model=A,B@k=v       a row each; a setting behind @ is for that row alone, all others go to
                        each model that knows them
  --seeds=1,2,3         each row is the mean of one run a seed
  --tune=N              tries N settings a row on validation; test is not looked at
  --tune_seconds=S      trains each of them for S seconds at most, where the runs have more
  --jobs=N              runs at once, each in its own process with its share of the cores
                        The same command again goes on where it stopped, and reuses what is done.

examples:
  {program} --dataset=ml-100k
  {program} --dataset=ml-100k --num_interests=8 --stages=soft --topk=[20,50]
  {program} --dataset=ml-100k --model=GRU4Rec \\
    --eval_args="{{'split': {{'LS': 'valid_and_test'}}}}"
  {program} --dataset=ml-100k --model=OPAL,OPAL@num_interests=8,SASRec --seeds=1,2,3

protocols, as --eval_args="{{'split': ...}}":
{protocols}

A value is a number, a word, True, False, None, a list or a mapping. These are the settings with
their defaults; the yaml file of a data set or of a model in properties/ may hold others."""


def help_text() -> str:
    """Return what `--help` prints: usage, examples, and each setting with its default and range."""
    from recbole_opal.models import MODELS

    names = ", ".join(MODELS)
    parts = [
        _USAGE.format(
            program=command(),
            datasets=", ".join(datasets_at_hand()),
            models=names,
            protocols=protocol_help(),
        )
    ]
    common = MultiInterestSettings.model_fields
    for model, network in MODELS.items():
        section = section_of(network) or Section
        own = {name: field for name, field in section.model_fields.items() if name not in common}
        parts.append(_section(model, own) + _other_defaults(model, section))
    parts.append(_section("All multi-interest models", common))
    parts += [
        _section(section.__name__.removesuffix("Settings"), section.model_fields)
        for section in SHARED_SECTIONS
    ]
    return "\n\n".join(parts)


def _section(title: str, fields: Mapping[str, FieldInfo]) -> str:
    lines = [f"{title}:"]
    for name, field in fields.items():
        lines.append(f"  --{name}={typed(field.default)}")
        text = f"{field.description}; {allowed(field)}"
        lines += textwrap.wrap(text, 96, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join(lines)


def _other_defaults(model: str, section: type[Section]) -> str:
    """Return the shared settings that a model's yaml sets to its own default."""
    path = model_yaml(model)
    values = load_settings_file(path) if path else {}
    others = [
        f"--{name}={value}" for name, value in values.items() if name not in section.model_fields
    ]
    text = f"its defaults for shared settings: {', '.join(others)}"
    return "\n" + textwrap.fill(text, 96, initial_indent="  ", subsequent_indent="    ")
