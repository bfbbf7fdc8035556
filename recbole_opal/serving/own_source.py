"""Whether a model of the user's own is still what it was when it was trained."""

from __future__ import annotations

import warnings

from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.own_models import source_digests
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import Origin

__all__ = ["warn_of_changed_source"]

_ORIGIN = "origin.json"


def warn_of_changed_source(run: RunReader, network: MultiInterestNetwork) -> None:
    """Warn where the file of a network's class, or of an ancestor of it, has changed since.

    The weights fit still, or they would have been refused; what they mean may be another thing.
    """
    if _ORIGIN not in run.names:
        return
    trained_with = Origin.from_bytes(run.read(_ORIGIN)).versions
    changed = [
        name
        for name, digest in source_digests(type(network)).items()
        if trained_with.get(f"file of {name}", digest) != digest
    ]
    if changed:
        warnings.warn(
            f"the file of the class {', '.join(changed)} has changed since {run.path} was trained; "
            "its lists may differ from those of the run.",
            stacklevel=4,  # who called `load`
        )
