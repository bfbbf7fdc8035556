"""The kinds of values that settings have, how they are checked, and how a kind is told."""

import ast
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from recbole_opal.errors import SettingsError
from recbole_opal.settings.paths import path_problem

__all__ = [
    "Finite",
    "FolderPath",
    "Gpus",
    "Interval",
    "Names",
    "Numbers",
    "Section",
    "Separator",
    "Text",
    "allowed",
    "as_list",
    "check_section",
    "is_number",
    "literal",
    "setting",
    "told_kind",
    "typed",
    "without_none",
]

_SOURCE = re.compile(r"(.*) \[([PAD, ]+)\]", re.DOTALL)
_NUMBER = r"[-+]?(?:inf|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_GPU = re.compile(r"|-1|\d{1,4}|(?:GPU|MIG)-[\w/-]{1,80}")
_INTERVAL = re.compile(rf"[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[\])]")


class Section(BaseModel):
    """Settings that are checked together: types are strict, unknown names are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


def setting(default: Any, meaning: str, *, under: str = "Interests", **bounds: Any) -> Any:
    """Return pydantic's field of a setting; `bounds` are those of `Field`, as `ge=1`.

    In a model's schema the meaning ends with the default's source in brackets (P the paper, A the
    authors' settings, D decided here, or several), and `under` is the heading in its yaml file.
    """
    sourced = _SOURCE.fullmatch(meaning)
    if sourced is None:
        return Field(default, description=meaning, **bounds)
    told: Any = {"source": sourced[2], "under": under}
    return Field(default, description=sourced[1], json_schema_extra=told, **bounds)


def check_section(section: type[Section], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section's settings with defaults; a SettingsError tells the first that is wrong."""
    try:
        return section.model_validate(
            {name: values[name] for name in section.model_fields if name in values}
        ).model_dump()
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
    name, given = str(detail["loc"][0]), detail["input"]
    field = section.model_fields[name]
    wanted = f"write {allowed(field)}"
    if detail["type"] == "value_error":
        wanted = str(detail["ctx"]["error"])
    in_list = len(detail["loc"]) > 1 and isinstance(values[name], list | tuple)
    place = f" ({given!r} in the list)" if in_list else f"={values[name]}"
    example = field.examples[0] if field.examples else field.default
    raise SettingsError(
        f"--{name}{place} is not valid{told_kind(given)}; {wanted}, for example "
        f"--{name}={typed(example)} ({field.description or name})."
    )


def as_list(value: Any) -> Any:
    """Return a tuple as a list."""
    return list(value) if isinstance(value, tuple) else value


def _one_or_several(value: Any) -> Any:
    """Let a single value stand for a list of one."""
    return as_list(value) if isinstance(value, list | tuple) else [value]


def is_number(value: Any) -> bool:
    """Tell whether a value is a number; in Python True is one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_to_text(value: Any) -> Any:
    """Undo the reading of a folder or an id such as `0` or `2024` as a number."""
    return str(value) if is_number(value) else value


def _text_to_list(value: Any) -> Any:
    """Read `soft,hard` and `10,20` as the lists that they stand for."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return as_list(value)


def _interval(value: Any) -> Any:
    """Check RecBole's interval notation; `[5,10]` arrives as a list, `(5,10)` as a tuple."""
    if value is None:
        return None
    if isinstance(value, list | tuple) and len(value) == 2:
        left, right = ("[", "]") if isinstance(value, list) else ("(", ")")
        value = f"{left}{value[0]},{value[1]}{right}"
    for part in (part.strip() for part in str(value).split(";")):
        if not _INTERVAL.fullmatch(part):
            raise ValueError("write an interval such as [5,inf), or several as [0,1];(3,4]")
        low, high = (float(number) for number in part[1:-1].split(","))
        if low > high:
            raise ValueError(f"the interval {part} is empty; write its smaller number first")
    return str(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("write a finite number")
    return value


def _gpus(value: Any) -> Any:
    """Return ids of GPUs with commas between them; a list may hold them."""
    parts = value if isinstance(value, list | tuple) else str(value).strip("[]()").split(",")
    ids = [str(part).strip() for part in parts]
    if value is None or isinstance(value, bool) or not all(map(_GPU.fullmatch, ids)):
        raise ValueError("write the ids of GPUs such as 0 or 0,1, or nothing for the CPU")
    return ",".join(ids)


def _separator(value: Any) -> Any:
    """Read a tab that a shell or yaml left as a backslash and a t."""
    return "\t" if value == "\\t" else _number_to_text(value)


def _path(value: str) -> str:
    why = path_problem(value)
    if why:
        raise ValueError(why)
    return value


Text = Annotated[str, BeforeValidator(_number_to_text)]
Separator = Annotated[str, BeforeValidator(_separator)]
Gpus = Annotated[str, BeforeValidator(_gpus)]
FolderPath = Annotated[str, BeforeValidator(_number_to_text), AfterValidator(_path)]
Finite = Annotated[float, AfterValidator(_finite)]
Names = Annotated[list[str], BeforeValidator(_text_to_list)]
Numbers = Annotated[list[int], BeforeValidator(_one_or_several)]
Interval = Annotated[str | None, BeforeValidator(_interval)]

_KINDS: dict[Any, str] = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "a text",
    list[int]: "a list of integers",
    list[str]: "a list of names",
    dict: "a mapping such as {'name': value}",
}


def allowed(field: FieldInfo) -> str:
    """Say which values a field takes, as `an integer in [1, 64]` or `one of soft | hard`."""
    annotation, optional = without_none(field.annotation)
    if get_origin(annotation) is Literal:
        text = " | ".join(str(choice) for choice in get_args(annotation))
    else:
        kind = _KINDS.get(annotation) or _KINDS.get(get_origin(annotation), "a value")
        text = kind + _range(field)
    return f"{text} or None" if optional else text


def _range(field: FieldInfo) -> str:
    low, high = "", ""
    for bound in field.metadata:
        for name, form in (("ge", "[{}"), ("gt", "({}")):
            low = form.format(getattr(bound, name)) if hasattr(bound, name) else low
        for name, form in (("le", "{}]"), ("lt", "{})")):
            high = form.format(getattr(bound, name)) if hasattr(bound, name) else high
    return f" in {low or '(-inf'}, {high or 'inf)'}" if low or high else ""


def literal(text: str) -> Any:
    """Return the Python literal that a text is, or else the text itself; nothing is evaluated."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def without_none(annotation: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True; another type comes back with False."""
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    if type(None) in get_args(annotation) and len(choices) == 1:
        kind = choices[0]
        return (get_args(kind)[0] if get_origin(kind) is Annotated else kind), True
    return annotation, False


def typed(value: object) -> str:
    """Return a value as it may be typed behind a flag's `=`, in a shell too."""
    if isinstance(value, list):
        return "[" + ",".join(str(part) for part in value) + "]"
    if isinstance(value, dict):
        return f'"{value}"'
    return repr(value) if value in ("", "\t", " ") else str(value)


def told_kind(value: object) -> str:
    """Return a remark on the type of a refused value that looks like one of another type."""
    if isinstance(value, str):
        return "" if isinstance(literal(value), str) else ", being a text (str)"
    return ", being a truth value (bool)" if isinstance(value, bool) else ""
