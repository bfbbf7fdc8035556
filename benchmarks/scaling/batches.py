"""The training batches of OPAL's default recipe, without end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from recbole_opal.batches import TrainingBatch
from recbole_opal.data.loaders import FutureTrainLoader
from recbole_opal.data.protocols.per_user import split_by_ratio
from recbole_opal.data.rows import FutureRows
from recbole_opal.data.user_sequences import UserSequences
from recbole_opal.models import MODELS

LENGTH = 50


def endless_batches(sequences: UserSequences, size: int, seed: int) -> Iterator[TrainingBatch]:
    """Return batches of so many rows; nothing is drawn before the first is asked for."""
    recipe = MODELS["OPAL"].Settings()
    rows = FutureRows(
        sequences,
        split_by_ratio(sequences, [8, 1, 1]),
        history_width=LENGTH,
        future_width=recipe.future_window,
        cuts_per_user=recipe.cuts_per_user,
        seen_targets=False,
    )
    asked = {"train_batch_size": size, "epoch_rows": None, "shuffle": True, "seed": seed}
    return chain.from_iterable(repeat(FutureTrainLoader(asked, rows)))
