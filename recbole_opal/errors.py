"""The errors a user can meet: one line each, in the user's terms, ending with the fix."""

__all__ = [
    "CheckpointError",
    "DataError",
    "NotTrainedError",
    "OpalError",
    "RetrievalError",
    "SettingsError",
    "TrainingError",
]


class OpalError(Exception):
    """Base of all errors this library raises on purpose; `exit_code` is what the script returns."""

    exit_code = 2


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
