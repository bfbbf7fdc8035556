"""The errors a user can meet: one line each, in the user's terms, ending with the fix."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "INTERRUPTED",
    "CheckpointError",
    "DataError",
    "ExportError",
    "OpalError",
    "RetrievalError",
    "SettingsError",
    "TrainingError",
    "one_line",
    "quoted",
    "reason_of",
    "refusing",
]

INTERRUPTED = 130
"""What a command returns after Ctrl-C."""

_LONGEST_WORD = 240  # a longer one is a value that was given, and told by its ends
_LONGEST_MESSAGE = 1500
_KEPT_FRONT, _KEPT_END = 160, 640  # of a longer message; what to do about it stands at its end
_LONGEST_QUOTE = 200
_FIX = "restore the file from a copy of the run folder or train again"


class OpalError(Exception):
    """Base of all errors this library raises on purpose; `exit_code` is what the script returns.

    Its text is one line that can be printed, whatever stands in the values that it repeats.
    """

    exit_code = 2

    def __str__(self) -> str:
        return one_line(super().__str__())


class SettingsError(OpalError):
    """A flag, a yaml key or an argument is unknown, malformed or out of range."""


class DataError(OpalError):
    """A data file is missing, malformed, or does not hold what the settings ask for."""


class CheckpointError(OpalError):
    """A file of a run folder is missing, damaged, or does not match its digest."""


class RetrievalError(OpalError):
    """A top-k search was asked for something it cannot answer exactly."""


class ExportError(OpalError):
    """A trained model has no form of the kind that was asked for."""


class TrainingError(OpalError):
    """Training cannot go on, for example because the loss is not a number."""

    exit_code = 1


def one_line(text: str) -> str:
    r"""Return a message as one line that any terminal shows: escaped, shortened in the middle.

    Line breaks, other control characters, characters that have no shape and bytes that are no text
    become escapes such as `\n`.
    """
    plain = "".join(sign if sign.isprintable() or sign == "\t" else _escaped(sign) for sign in text)
    short = " ".join(_shortened(word, _LONGEST_WORD, 80, 80) for word in plain.split(" "))
    return _shortened(short, _LONGEST_MESSAGE, _KEPT_FRONT, _KEPT_END)


@contextmanager
def refusing(name: str, fault: str, fix: str = _FIX) -> Iterator[None]:
    """Turn every error of the block into one line that names the file.

    It says the `fault`, such as "is not readable as JSON", and the `fix`; an error of this
    library's own goes through. Decoders of other libraries promise no list of errors for bytes that
    are not of their format: missing features, numbers too large, too deep recursion and exhausted
    memory are among them.
    """
    try:
        yield
    except OpalError:
        raise
    except Exception as error:
        raise CheckpointError(f"{name} {fault} ({reason_of(error)}); {fix}.") from error


def reason_of(error: Exception) -> str:
    """Return what a foreign error says, as `quoted` does; its kind where it says nothing.

    Of pydantic only the first fault is told, with its place: `rows[3].valid.sd: ...`.
    """
    from pydantic import ValidationError  # here, not above: it takes long to load

    if not isinstance(error, ValidationError):
        return quoted(str(error) or type(error).__name__)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
    return quoted(f"{place.lstrip('.')}: {first['msg']}" if place else first["msg"])


def quoted(text: str) -> str:
    """Return a text from a file as it may stand in a message: short, in one line, printable."""
    line = " ".join(text[: 8 * _LONGEST_QUOTE].split())
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"


def _shortened(text: str, longest: int, front: int, end: int) -> str:
    return text if len(text) <= longest else f"{text[:front]}...{text[-end:]}"


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
