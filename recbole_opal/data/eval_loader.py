"""Evaluation batches with several targets a user and an optional history mask."""

from collections.abc import Sequence
from dataclasses import dataclass
from logging import getLogger
from typing import Any

import numpy as np
import torch
from recbole.data.dataloader.abstract_dataloader import AbstractDataLoader
from recbole.data.dataloader.general_dataloader import FullSortEvalDataLoader
from recbole.data.interaction import Interaction
from torch import Tensor

from recbole_opal.data.rows import EvalRows
from recbole_opal.errors import DataError
from recbole_opal.retrieval import Pairs

__all__ = ["MultiTargetEvalLoader"]

_BYTES_PER_SCORE = 4
_DEFAULT_SCORE_MEMORY_MB = 512


@dataclass(frozen=True)
class _Fields:
    """Column names of the interaction, as the settings have them."""

    user: str
    history: str
    length: str
    times: str


class MultiTargetEvalLoader(FullSortEvalDataLoader):
    """RecBole's full-sort loader over rows with any number of targets.

    Yields `(interaction, history_index, positive_u, positive_i)`, as `Trainer.evaluate` expects.
    RecBole's own sequential loader knows one target a row and never masks the history.

    Stability: stable.

    Args:
        config: RecBole's config; reads `eval_batch_size` and `score_memory_mb` (default 512).
        dataset: RecBole's dataset; gives the number of items and item features.
        rows: the rows, each with at least one target.
        name: how the part is called in messages, for example `test`.
        dense_scores: whether the model fills a `(batch, N)` matrix; the batch is then made small
            enough for one such matrix to stay within `score_memory_mb` MiB.

    Raises:
        DataError: there are no rows.
    """

    def __init__(
        self, config: Any, dataset: Any, rows: EvalRows, name: str, *, dense_scores: bool = False
    ) -> None:
        if len(rows) == 0:
            raise DataError(
                f"no user has a target in the {name} part; use users with longer histories, a "
                "larger share for this part, or, if the history is masked, --mask_history=False"
            )
        self.logger = getLogger()
        self.name = name
        self.rows = rows
        self.dense_scores = dense_scores
        self.sample_size = len(rows)
        self.uid_field, self.iid_field = dataset.uid_field, dataset.iid_field
        self._fields = _Fields(
            user=dataset.uid_field,
            history=dataset.iid_field + config["LIST_SUFFIX"],
            length=config["ITEM_LIST_LENGTH_FIELD"],
            times=config["TIME_FIELD"] + config["LIST_SUFFIX"],
        )
        # Past FullSortEvalDataLoader's own constructor, which reads a row per target.
        AbstractDataLoader.__init__(self, config, dataset, None, shuffle=False)

    def _init_batch_size_and_step(self) -> None:
        """Take `eval_batch_size` rows at a time, fewer where a score matrix would be too large."""
        step = self.config["eval_batch_size"]
        if self.dense_scores:
            megabytes = self.config["score_memory_mb"] or _DEFAULT_SCORE_MEMORY_MB
            row_bytes = self._dataset.item_num * _BYTES_PER_SCORE * self._floats_of_a_score()
            step = min(step, max(1, int(megabytes * 2**20) // row_bytes))
        self.step = step
        self.set_batch_size(step)

    def _floats_of_a_score(self) -> int:
        """Return how many numbers a model holds at once for each score of a `(batch, N)` matrix."""
        return 1

    def collate_fn(self, index: Sequence[int]) -> tuple[Interaction, Pairs | None, Tensor, Tensor]:
        """Gather the rows at `index`."""
        batch = self.rows.batch(np.asarray(index, dtype=np.int64))
        fields = {
            self._fields.user: torch.from_numpy(batch.users),
            self._fields.history: torch.from_numpy(batch.histories),
            self._fields.length: torch.from_numpy(batch.lengths),
        }
        if batch.times is not None:
            fields[self._fields.times] = torch.from_numpy(batch.times)
        interaction = Interaction(fields)
        history_index = None
        if batch.mask_rows is not None and batch.mask_ids is not None:
            history_index = (torch.from_numpy(batch.mask_rows), torch.from_numpy(batch.mask_ids))
        targets = (torch.from_numpy(batch.target_rows), torch.from_numpy(batch.target_ids))
        return self.transform(self._dataset, interaction), history_index, *targets
