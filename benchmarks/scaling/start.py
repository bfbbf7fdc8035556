"""Where item vectors start by co-occurrence: computed once, before the first step."""

from __future__ import annotations

from time import process_time
from typing import Any

from recbole_opal.data.cooccurrence import cooccurrence_vectors
from recbole_opal.data.training_part import TrainingPart
from recbole_opal.models import MODELS
from scaling.drawn import drawn_sequences
from scaling.memory import Peak
from scaling.steps import WIDTH

_USERS = 100_000


def measure_start(items: int, seed: int) -> dict[str, Any]:
    """Return seconds, and the most bytes beyond the log."""
    sequences = drawn_sequences(_USERS, items, seed)
    training = TrainingPart(sequences, sequences.ends)
    window = MODELS["OPAL"].Settings().future_window
    started = process_time()
    with Peak() as memory:
        cooccurrence_vectors(training, items + 1, WIDTH, window=window, seed=seed)
    rise = memory.most["VmData"] - memory.before["VmData"]
    return {"seconds": process_time() - started, "peak_bytes": rise}
