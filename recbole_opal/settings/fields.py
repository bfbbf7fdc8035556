"""The kinds of values that settings have, and how a kind is told to the user."""

import math
import re
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.fields import FieldInfo

__all__ = [
    "Finite",
    "Interval",
    "Names",
    "Numbers",
    "Section",
    "Separator",
    "Text",
    "allowed",
    "typed",
]

_NUMBER = r"[-+]?(?:inf|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
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


def _typed_tab(value: Any) -> Any:
    r"""Read `\t`, as it is typed in a shell, as the tab that it stands for."""
    return "\t" if value == r"\t" else value


Separator = Annotated[str, BeforeValidator(_typed_tab)]
Text = Annotated[str, BeforeValidator(_number_to_text)]
Finite = Annotated[float, AfterValidator(_finite)]
Names = Annotated[list[str], BeforeValidator(_text_to_list)]
Numbers = Annotated[list[int], BeforeValidator(_number_to_list)]
Interval = Annotated[str | None, BeforeValidator(_interval)]


def allowed(field: FieldInfo) -> str:
    """Say which values a field takes, as `an integer in [1, 64]` or `one of soft | hard`.

    Args:
        field: one field of a `Section`.
    """
    annotation, optional = _without_none(field.annotation)
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


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True."""
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
