"""Evaluation over lists instead of score matrices, for a RecBole trainer."""

from typing import Any

import torch
from recbole.data.interaction import Interaction
from recbole.trainer.trainer import Trainer

from recbole_opal.batches import EvaluationBatch
from recbole_opal.evaluation.collector import TopKCollector
from recbole_opal.evaluation.full_sort import (
    FullSortRetriever,
    InterestModel,
    Retrieved,
    from_scores,
)
from recbole_opal.evaluation.registry import register_metrics

__all__ = ["TopKEvaluation"]


class TopKEvaluation(Trainer):
    """Adds the multi-interest full-sort evaluation to a RecBole trainer.

    Stability: stable.
    """

    def __init__(self, config: Any, model: Any) -> None:
        register_metrics()
        super().__init__(config, model)
        self.eval_collector = TopKCollector(config)

    @torch.no_grad()
    def evaluate(self, eval_data: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Return metric name to a plain Python float."""
        self.model.eval()
        self.eval_collector.start()
        with_ranks = self.eval_collector.register.need("rec.meanrank")
        retriever = None
        if isinstance(self.model, InterestModel):
            retriever = FullSortRetriever(
                self.model,
                self.config,
                with_ranks=with_ranks,
                with_interest_use=self.eval_collector.keep_lists,
            )
        for batch in eval_data:
            inputs = batch.inputs.to(self.device)
            if retriever is None:
                retrieved = self._from_recboles_scores(batch, inputs, with_ranks)
            else:
                retrieved = retriever.retrieve(inputs, batch.excluded, batch.targets)
            users = {self.config["USER_ID_FIELD"]: batch.users}
            self.eval_collector.eval_batch_collect(retrieved, users, *batch.targets)
        self.eval_collector.model_collect(self.model)
        result = self.evaluator.evaluate(self.eval_collector.get_data_struct())
        # NumPy 2 prints its scalars as np.float64(...), and JSON does not take them.
        return {name: float(value) for name, value in result.items()}

    def _from_recboles_scores(
        self, batch: EvaluationBatch, inputs: Any, with_ranks: bool
    ) -> Retrieved:
        """RecBole's own models: its method scores, masks the history and the padding."""
        self.tot_item_num = self.model.n_items
        items = torch.arange(self.tot_item_num, device=self.device)
        self.item_tensor = Interaction({self.config["ITEM_ID_FIELD"]: items})
        arguments = (inputs, batch.excluded, *batch.targets)
        _, scores, rows, ids = super()._full_sort_batch_eval(arguments)
        positives = (rows.to(scores.device), ids.to(scores.device)) if with_ranks else None
        return from_scores(scores, max(self.config["topk"]), positives)
