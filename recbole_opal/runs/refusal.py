"""Whatever a decoder meets in hostile or damaged bytes, one kind of error comes out of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from recbole_opal.errors import CheckpointError, OpalError

__all__ = ["quoted", "reason_of", "refusing"]

_FIX = "restore the file from a copy of the run folder or train again"
_MOST = 200  # characters of a foreign text that a message shows


@contextmanager
def refusing(name: str, fault: str, fix: str = _FIX) -> Iterator[None]:
    """Turn every error of the block into one line that names the file.

    Decoders of other libraries promise no list of errors for bytes that are not of their format:
    missing features, numbers too large, too deep recursion and exhausted memory are among them.

    Args:
        name: the file's name, for the message.
        fault: what is wrong with it then, for example "is not readable as JSON".
        fix: what helps.

    Raises:
        CheckpointError: the block raised an error. One of this library's own goes through.
    """
    try:
        yield
    except OpalError:
        raise
    except Exception as error:
        raise CheckpointError(f"{name} {fault} ({reason_of(error)}); {fix}.") from error


def reason_of(error: Exception) -> str:
    """Return what a foreign error says, as `quoted` does; its kind where it says nothing.

    Args:
        error: of pydantic only the first fault is told, with its place: `rows[3].valid.sd: ...`.
    """
    if not isinstance(error, ValidationError):
        return quoted(str(error) or type(error).__name__)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
    return quoted(f"{place.lstrip('.')}: {first['msg']}" if place else first["msg"])


def quoted(text: str) -> str:
    """Return a text from a file as it may stand in a message: short, in one line, printable.

    Args:
        text: any text.
    """
    line = " ".join(text[: 8 * _MOST].split())
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"
