"""Write our models' yaml files from their classes: `python -m recbole_opal.models.write_yaml`.

RecBole's users read and edit `properties/model/NAME.yaml`; what stands there of types, ranges,
meanings, sources and recipes is said once, in the model's class. Names behind the command choose
models; none means all.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from recbole_opal.models import MODELS, MultiInterestNetwork
from recbole_opal.settings.fields import allowed
from recbole_opal.settings.model_schemas import INTERESTS, TRAINING, section_of
from recbole_opal.settings.properties import properties_folder
from recbole_opal.settings.schema import SHARED_FIELDS

__all__ = ["main", "yaml_of"]

_DEFAULT = (
    "The lines below are the default recipe: loss, negatives, targets and training are the same "
    "for all models of ours, so that they are compared by their interests, own regularisers and "
    "stages alone; the paper's own are under `published`."
)
_SOURCES = (
    "Written from the model's class: [P] the paper, [A] its authors' settings, or those of OPAL's, "
    "[D] decided here."
)
_TUNE = (
    "`--tune=N`: three settings a model, around the defaults, which are the first trial; K and the "
    "widths stay."
)
_OF_OPALS_AUTHORS = {"train_batch_size", "weight_decay"}
_KINDS = {
    **{"an integer": "int", "a number": "float", "True or": "bool"},
    **{"a list": "list", "a mapping": "dict"},
}


def yaml_of(network: type[MultiInterestNetwork]) -> str:
    """Return the text of a model's yaml file."""
    section: Any = section_of(network)
    about = " ".join((section.__doc__ or "").split())
    lines = [*_comment(about), *(_comment(_DEFAULT) if network.published else [])]
    lines += _comment(_SOURCES)
    groups: dict[str, list[str]] = {}
    for name, field in section.model_fields.items():
        told = field.json_schema_extra or {}
        line = _line(name, field.default, _told(field), told.get("source", "D"))
        groups.setdefault(told.get("under", INTERESTS), []).append(line)
    for name, value in network.training_defaults.items():
        source = "A" if name in _OF_OPALS_AUTHORS else "D"
        line = _line(name, value, _told(SHARED_FIELDS[name]), source)
        groups.setdefault(TRAINING, []).append(line)
    groups[TRAINING] = groups.pop(TRAINING)  # at the end
    for heading, own in groups.items():
        lines += ["", f"# {heading}", *own]
    if network.published:
        lines += ["", *_published(network.published)]
    if network.search:
        lines += ["", *_comment(_TUNE)]
        meaning = "(dict) what --tune tries: {low, high, log} or {choices}"
        lines.append(f"{'search:':<31} # {meaning} [D]")
        lines += [f"  {name}: {_flow(knob)}" for name, knob in network.search.items()]
    return "\n".join(lines) + "\n"


def _published(recipe: Mapping[str, Any]) -> Iterator[str]:
    """Yield the block of the published recipe; a plain dictionary has no remarks."""
    about, remarks = getattr(recipe, "about", "the authors'"), getattr(recipe, "remarks", {})
    yield from _comment(f"`--recipe=published`: {about}")
    yield (
        f"{'published:':<31} # (dict) what --recipe=published puts in the place of the lines above "
        "[P, A]"
    )
    for name, value in recipe.items():
        yield f"  {name + ': ' + _flow(value):<29} # {remarks.get(name, '[A]')}"


def _line(name: str, value: Any, told: str, source: str) -> str:
    return f"{name + ': ' + _flow(value):<31} # {told} [{source}]"


def _told(field: FieldInfo) -> str:
    """Return the kind, the choices, the meaning and the range of a setting."""
    wanted, meaning = allowed(field), field.description or ""
    kind = next((kind for text, kind in _KINDS.items() if wanted.startswith(text)), "str")
    if " | " in wanted:
        return f"({kind}) {wanted}: {meaning}"
    _, bounded, bounds = wanted.partition(" in ")
    first, semicolon, rest = meaning.partition(";")
    return f"({kind}) {first}{', in ' if bounded else ''}{bounds}{semicolon}{rest}"


def _flow(value: Any) -> str:
    """Return a value as yaml within one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(part)}" for name, part in value.items()) + "}"
    if value is None:
        return "~"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    tiny = isinstance(value, float) and "e" in str(value)
    return f"{value:.10f}".rstrip("0") if tiny else str(value)


def _comment(text: str) -> list[str]:
    wrapped = (textwrap.wrap(part, 118, break_on_hyphens=False) for part in text.splitlines())
    return [f"# {line}" for lines in wrapped for line in lines]


def main(names: list[str]) -> None:
    """Write the files of the models that are named, or of all."""
    if unknown := set(names) - set(MODELS):
        sys.exit(f"error: no models of ours: {', '.join(unknown)}; ours are {', '.join(MODELS)}.")
    for name in names or MODELS:
        path = properties_folder() / "model" / f"{name}.yaml"
        path.write_text(yaml_of(MODELS[name]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
