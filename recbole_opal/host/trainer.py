"""A model of a run, and RecBole's trainer around the loop and the evaluation of this library.

RecBole's `fit` is not used: it has no stages, counts a tie as a gain, and offers no moment at which
all that a continuation needs is in one place.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from time import perf_counter
from typing import Any

from recbole.trainer import trainer as recbole_trainer

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.errors import SettingsError, reason_of
from recbole_opal.evaluation.built_index import check_retrieval
from recbole_opal.evaluation.judged import Judged
from recbole_opal.host.evaluation import TopKEvaluation
from recbole_opal.host.known_history import known_history
from recbole_opal.host.recommender import MultiInterestRecommender
from recbole_opal.host.upstream_models import computed_at_once
from recbole_opal.training.events import NoEvents, open_events
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.schedule import RateSchedule
from recbole_opal.training.stages import TrainingBudget

__all__ = ["StagedTrainer", "TwoStageTrainer", "build_model"]

_LOCK = threading.RLock()


def build_model(config: Any, dataset: Any) -> tuple[Any, float]:
    """Return the model of a run on its device, and the seconds that its constructor took.

    Raises:
        SettingsError: RecBole's model refuses its settings.
        OpalError: `retrieval` asks for a search that cannot be built for the model.
    """
    started = perf_counter()
    try:
        model = config.model_class(config, dataset).to(config["device"])
    except (AssertionError, NotImplementedError, ValueError) as error:
        if issubclass(config.model_class, MultiInterestRecommender):
            raise
        raise SettingsError(
            f"--model={config['model']} cannot be built from these settings ({reason_of(error)}); "
            "see its yaml file in RecBole for the choices."
        ) from error
    seconds = perf_counter() - started
    check_retrieval(config, model)
    return model, seconds


class StagedTrainer(TopKEvaluation):
    """Train any model through its stages and evaluate it, by RecBole's interface.

    RecBole's own models have one stage, "train". Models that are computed at once (Pop, ItemKNN)
    have one epoch, as with RecBole's `TraditionalTrainer`, and a whole one, whatever
    `max_train_seconds` and the learning rate's schedule.

    TensorBoard's folder is named after the folder of the `run`. The `stages` to train are those of
    the setting if none are given. `built_in` are the seconds that the model's constructor took:
    they count as training where it does the work.

    Attributes:
        loop: what trains: stages, records, weights, history.

    Raises:
        SettingsError: `stages` names a stage the model does not have.
    """

    def __init__(
        self,
        config: Any,
        model: Any,
        progress: TrainingProgress | None = None,
        run: str | None = None,
        *,
        stages: Sequence[str] | None = None,
        built_in: float = 0.0,
    ) -> None:
        told = config["tensorboard"]
        with _instead_of_recboles_writer(
            open_events(str(config["model"]), run) if told else NoEvents()
        ):
            super().__init__(config, model)
        self.loop = TrainingLoop(
            model,
            config,
            stages or _stages(config, model),
            progress=progress,
            events=self.tensorboard,
            hparams=_hparams(config) if told else None,
        )
        if computed_at_once(type(model)):
            self.loop.epochs = self.loop.eval_step = 1
            once = RateSchedule(config["learning_rate"])
            self.loop.schedules = dict.fromkeys(self.loop.stages, once)
            self.loop.budget = TrainingBudget(None, self.loop.stages, on_gpu=False)
            self.loop.record.train_seconds = built_in

    def fit(
        self,
        train_data: Any,
        valid_data: Any = None,
        verbose: bool = True,
        saved: bool = True,
        show_progress: bool = False,
        callback_fn: Callable[[int, float], None] | None = None,
    ) -> tuple[float, dict[str, float]]:
        """Train the stages that are not finished; return the best stage's score and metrics.

        The best weights are always kept in memory, a line an epoch is logged and bars are the
        affair of `progress`, whatever `verbose`, `saved` and `show_progress` say.

        Without `valid_data` each stage's last weights are kept; `callback_fn` is called with
        (epoch, validation score) after each validation.

        Raises:
            TrainingError: a loss, a weight or the validation score is not a number.
        """
        best = self.loop.fit(
            train_data,
            valid_data and (lambda: self.evaluate(valid_data, load_best_model=False)),
            callback_fn or (lambda epoch, score: None),
        )
        self.best_valid_score, self.best_valid_result = best.score, best.valid
        return best.score, best.valid

    def evaluate(
        self, eval_data: Any, load_best_model: bool = True, show_progress: bool = False
    ) -> OrderedDict[str, float]:
        """Return the metrics of a part by name; of the best stage, or of the model as it is."""
        if load_best_model:
            self.loop.load_stage(self.loop.best_stage)
        return super().evaluate(eval_data)

    def judge(self, eval_data: Any, *, with_interests: bool = False) -> Judged:
        """Return the lists of a part, with what is known of its users; see `TopKEvaluation`."""
        known = eval_data.known
        with nullcontext() if known is None else known_history(self.model, known):
            return super().judge(eval_data, with_interests=with_interests)

    def user_seconds(self, eval_data: Any) -> float | None:
        """Return how long a user of a part waits for the list; see `TopKEvaluation`."""
        known = eval_data.known
        with nullcontext() if known is None else known_history(self.model, known):
            return super().user_seconds(eval_data)


class TwoStageTrainer(StagedTrainer):
    """Pre-train in stage "soft", fine-tune in stage "hard", keep the best one on validation.

    Source: OPAL, section 7 of the method. Stage "next", which is ours, fine-tunes further, on the
    next item alone. The setting `stages` picks some of the three, as `soft,hard`, the paper's.
    """


def _stages(config: Any, model: Any) -> tuple[str, ...]:
    known: tuple[str, ...] = getattr(model, "stages", ("train",))
    stages = known if config["stages"] is None else tuple(config["stages"])
    if not stages or not set(stages) <= set(known):
        raise SettingsError(
            f"stages={','.join(stages)} is not among the stages of {type(model).__name__}; "
            f"write --stages={','.join(known)} or one of them."
        )
    return stages


def _hparams(config: Any) -> dict[str, Any]:
    """Return the settings that RecBole tells TensorBoard: the model's, and three of the others."""
    general = {name for names in config.parameters.values() for name in names}
    general |= {"model", "dataset", "config_files", "device"}
    general -= {"learner", "learning_rate", "train_batch_size"}
    return {
        name: value if isinstance(value, bool | str | float | int) else str(value)
        for name, value in config.final_config_dict.items()
        if name not in general and value is not None
    }


@contextmanager
def _instead_of_recboles_writer(writer: Any) -> Iterator[None]:
    """Let a RecBole trainer that is built in the block take a writer of ours.

    RecBole opens a folder of events in every trainer's constructor, whatever is asked for, and
    offers no hook: the function it calls is replaced while the block runs, one block at a time.
    """
    with _LOCK:
        original = recbole_trainer.get_tensorboard
        recbole_trainer.get_tensorboard = lambda logger: writer
        try:
            yield
        finally:
            recbole_trainer.get_tensorboard = original
