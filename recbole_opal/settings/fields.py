"""The kinds of values that settings have, and how a kind is told to the user."""

import ast
import math
import re
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.fields import FieldInfo

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
    "told_kind",
    "typed",
    "without_none",
]

_NUMBER = r"[-+]?(?:inf|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_GPU = re.compile(r"|-1|\d{1,4}|(?:GPU|MIG)-[\w/-]{1,80}")
_INTERVAL = re.compile(rf"[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[\])]")


class Section(BaseModel):
    """Settings that are checked together: types are strict, unknown names are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _number_to_text(value: Any) -> Any:
    """Undo the reading of a folder or an id such as `0` or `2024` as a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _text_to_list(value: Any) -> Any:
    """Read `soft,hard` and `10,20` as the lists that they stand for."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, tuple) else value


def _number_to_list(value: Any) -> Any:
    return (
        list(value) if isinstance(value, tuple) else value if isinstance(value, list) else [value]
    )


def _interval(value: Any) -> Any:
    """Check RecBole's interval notation; `[5,10]` arrives as a list, `(5,10)` as a tuple."""
    if value is None:
        return None
    if isinstance(value, list | tuple) and len(value) == 2:
        left, right = ("[", "]") if isinstance(value, list) else ("(", ")")
        value = f"{left}{value[0]},{value[1]}{right}"
    parts = str(value).split(";")
    if not all(_INTERVAL.fullmatch(part.strip()) for part in parts):
        raise ValueError("write an interval such as [5,inf), or several as [0,1];(3,4]")
    for part in parts:
        low, high = (float(number) for number in part.strip()[1:-1].split(","))
        if low > high:
            raise ValueError(
                f"the interval {part.strip()} is empty; write its smaller number first"
            )
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
Numbers = Annotated[list[int], BeforeValidator(_number_to_list)]
Interval = Annotated[str | None, BeforeValidator(_interval)]


def allowed(field: FieldInfo) -> str:
    """Say which values a field takes, as `an integer in [1, 64]` or `one of soft | hard`.

    Args:
        field: one field of a `Section`.
    """
    annotation, optional = without_none(field.annotation)
    if get_origin(annotation) is Literal:
        text = " | ".join(str(choice) for choice in get_args(annotation))
    else:
        text = _kind(annotation) + _range(field)
    return f"{text} or None" if optional else text


def typed(value: object) -> str:
    """Return a value as it may be typed behind a flag's `=`, in a shell too.

    Args:
        value: for example the default of a field.
    """
    if isinstance(value, list):
        return "[" + ",".join(str(part) for part in value) + "]"
    if isinstance(value, dict):
        return f'"{value}"'
    return repr(value) if value in ("", "\t", " ") else str(value)


def told_kind(value: object) -> str:
    """Return a remark on the type of a value that looks like one of another type, else nothing.

    Args:
        value: one that was refused, for example the text `4` where a number is wanted.
    """
    if isinstance(value, str):
        try:
            looks = ast.literal_eval(value)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            looks = value
        return "" if isinstance(looks, str) else ", being a text (str)"
    return ", being a truth value (bool)" if isinstance(value, bool) else ""


_KINDS: dict[Any, str] = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "a text",
    list[int]: "a list of integers",
    list[str]: "a list of names",
    dict: "a mapping such as {'name': value}",
}


def _kind(annotation: Any) -> str:
    return _KINDS.get(annotation) or _KINDS.get(get_origin(annotation), "a value")


def without_none(annotation: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True.

    Args:
        annotation: of a field.

    Returns:
        The type without None, and whether None was among its choices.
    """
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    if type(None) in get_args(annotation) and len(choices) == 1:
        kind = choices[0]
        return (get_args(kind)[0] if get_origin(kind) is Annotated else kind), True
    return annotation, False


def _range(field: FieldInfo) -> str:
    low, high = "", ""
    for bound in field.metadata:
        match bound:
            case Ge(ge=value):
                low = f"[{value}"
            case Gt(gt=value):
                low = f"({value}"
            case Le(le=value):
                high = f"{value}]"
            case Lt(lt=value):
                high = f"{value})"
    if not low and not high:
        return ""
    return f" in {low or '(-inf'}, {high or 'inf)'}"
