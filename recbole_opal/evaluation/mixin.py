"""RecBole's evaluation loop over lists instead of score matrices."""

from collections import OrderedDict
from typing import Any

from recbole.trainer.trainer import Trainer
from torch import Tensor

from recbole_opal.evaluation.collector import TopKCollector
from recbole_opal.evaluation.registry import register_metrics
from recbole_opal.evaluation.retrieve import FullSortRetriever, InterestModel, from_scores
from recbole_opal.evaluation.retrieved import Retrieved

__all__ = ["TopKEvaluation"]


class TopKEvaluation(Trainer):
    """Adds the multi-interest full-sort evaluation to a RecBole trainer.

    Use it as `class MyTrainer(TopKEvaluation, Trainer)`. `Trainer.evaluate` stays RecBole's; only
    the scoring of a batch and the collector are replaced.

    Stability: stable.
    """

    def __init__(self, config: Any, model: Any) -> None:
        register_metrics()
        super().__init__(config, model)
        self.eval_collector = TopKCollector(config)
        self._full_sort_retriever: FullSortRetriever | None = None

    def evaluate(self, eval_data: Any, *args: Any, **kwargs: Any) -> OrderedDict[str, float] | None:
        """Evaluate as RecBole does; see `recbole.trainer.Trainer.evaluate`.

        Returns:
            Metric name to a plain Python float, or `None` if there is nothing to evaluate.
        """
        # The weights may have changed, so the item table of an earlier call must not be used; it
        # is made anew at the first batch, when RecBole has loaded weights and called model.eval().
        self._full_sort_retriever = None
        self.eval_collector.start()
        try:
            result = super().evaluate(eval_data, *args, **kwargs)
        finally:
            self._full_sort_retriever = None
        if result is None:
            return None
        # NumPy 2 prints its scalars as np.float64(...), and JSON does not take them.
        return OrderedDict((name, float(value)) for name, value in result.items())

    def _full_sort_batch_eval(self, batched_data: Any) -> tuple[Any, Retrieved, Tensor, Tensor]:
        """Return the batch with its lists in the place of the scores."""
        with_ranks = self.eval_collector.register.need("rec.meanrank")
        if not isinstance(self.model, InterestModel):
            # RecBole's own models: its method scores, masks the history and the padding.
            interaction, scores, rows, ids = super()._full_sort_batch_eval(batched_data)
            positives = (rows.to(scores.device), ids.to(scores.device)) if with_ranks else None
            return interaction, from_scores(scores, max(self.config["topk"]), positives), rows, ids
        interaction, history_index, rows, ids = batched_data
        if self._full_sort_retriever is None:
            self._full_sort_retriever = FullSortRetriever(
                self.model,
                self.config,
                with_ranks=with_ranks,
                with_interest_use=self.eval_collector.keep_lists,
            )
        retrieved = self._full_sort_retriever.retrieve(
            interaction.to(self.device), history_index, (rows, ids)
        )
        return interaction, retrieved, rows, ids
