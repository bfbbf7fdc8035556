"""The errors a user can meet: one line each, in the user's terms, ending with the fix."""

__all__ = [
    "INTERRUPTED",
    "CheckpointError",
    "DataError",
    "NotTrainedError",
    "OpalError",
    "RetrievalError",
    "SettingsError",
    "TrainingError",
    "one_line",
]

INTERRUPTED = 130
"""What a command returns after Ctrl-C."""

# A word longer than this is a value that was given, and told by its ends.
_LONGEST_WORD = 240
_LONGEST_MESSAGE = 1500
_KEPT_FRONT, _KEPT_END = 160, 640  # of a longer message; what to do about it stands at its end


class OpalError(Exception):
    """Base of all errors this library raises on purpose; `exit_code` is what the script returns.

    Its text is one line that can be printed, whatever stands in the values that it repeats.
    """

    exit_code = 2

    def __str__(self) -> str:
        """Return the message, see `one_line`."""
        return one_line(super().__str__())


class SettingsError(OpalError):
    """A flag, a yaml key or an argument is unknown, malformed or out of range."""


class DataError(OpalError):
    """A data file is missing, malformed, or does not hold what the settings ask for."""


class CheckpointError(OpalError):
    """A file of a run folder is missing, damaged, or does not match its digest."""


class RetrievalError(OpalError):
    """A top-k search was asked for something it cannot answer exactly."""


class NotTrainedError(OpalError):
    """A model was asked to serve before it holds trained weights."""


class TrainingError(OpalError):
    """Training cannot go on, for example because the loss is not a number."""

    exit_code = 1


def one_line(text: str) -> str:
    r"""Return a message as one line that any terminal shows: escaped, and shortened in the middle.

    Args:
        text: a message; line breaks, other control characters, characters that have no shape and
            bytes that are no text become escapes such as `\n`.
    """
    plain = "".join(sign if sign.isprintable() or sign == "\t" else _escaped(sign) for sign in text)
    words = plain.split(" ")
    short = " ".join(_shortened(word, _LONGEST_WORD, 80, 80) for word in words)
    return _shortened(short, _LONGEST_MESSAGE, _KEPT_FRONT, _KEPT_END)


def _shortened(text: str, longest: int, front: int, end: int) -> str:
    return text if len(text) <= longest else f"{text[:front]}...{text[-end:]}"


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
