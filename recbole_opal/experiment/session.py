"""The part of a run that happens in one process: data, model, training, what is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from logging import LogRecord, getLogger
from pathlib import Path
from time import perf_counter
from typing import Any

from recbole_opal.console.data_table import data_table
from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.console.run_log import lines_held, run_log
from recbole_opal.distributed.group import LostProcessError, meet, use_device
from recbole_opal.distributed.launch import is_first
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.errors import TrainingError, refusing
from recbole_opal.experiment.following import Outcome, follow, let_follow, tell_followers
from recbole_opal.experiment.results import id_tokens, write_results
from recbole_opal.experiment.resumption import adopt, as_begun, check_same
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.in_parts import require_joint_draws, require_parts, require_shared_table
from recbole_opal.host.memory import check_memory
from recbole_opal.host.origin import origin_of
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.recommender import MultiInterestRecommender, awaiting_weights
from recbole_opal.host.trainer import StagedTrainer, build_model
from recbole_opal.process.peak_memory import PeakMemory
from recbole_opal.process.program import command
from recbole_opal.process.rng import seed_everything
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.runs.atomic import write_error
from recbole_opal.runs.encoding import encode_json, encode_settings
from recbole_opal.runs.machine import machine_of
from recbole_opal.tracking import require_tracker, tracked
from recbole_opal.training.save_points import SavePoints
from recbole_opal.training.snapshot import refuse_prolonging_an_earlier_stage, restore, snapshot
from recbole_opal.training.whole_table import whole_state

__all__ = ["RunResult", "Session"]


@dataclass(frozen=True)
class RunResult:
    """What came out of a run.

    Attributes:
        folder: the run folder.
        stages: `{"soft": {"valid": {...}, "test": {"recall@50": ...}}, ...}`; with the
            "diagnostics" of a multi-interest model; no "test" where `test_at_end` is False.
        best_stage: the stage that is best on validation.
        seconds: wall time of the run, earlier sessions of a resumed run included.
    """

    folder: Path
    stages: dict[str, dict[str, Any]]
    best_stage: str
    seconds: float


class Session:
    """A run of checked settings: `start` begins one, `go_on` continues one."""

    def __init__(self, config: OpalConfig) -> None:
        require_parts(config.model_class)
        require_shared_table(config)
        require_joint_draws(config)
        use_device(config["device"])
        if is_first():
            require_tracker(config["tracking"])
        self.config = config
        self.started = perf_counter()
        self.seconds_before = 0.0  # of earlier sessions
        self.memory = PeakMemory()

    @property
    def seconds(self) -> float:
        """Seconds of the run so far, earlier sessions included."""
        return self.seconds_before + perf_counter() - self.started

    def start(self) -> RunResult:
        """Begin a new run: data, model, folder, training."""
        data, tokens = self._load()
        built = self._build(data)  # what fails here leaves no folder behind
        if not is_first():
            return _result(follow(self.config, data, built[0]))
        label = f"{self.config['model']}-{self.config['dataset']}"
        first = {
            "config.yaml": encode_settings(self.config.as_plain_dict()),
            "ids.json": encode_json(tokens),
            "origin.json": encode_json(origin_of(self.config).as_plain()),
        }
        with RunFolder.begin(Path(self.config["checkpoint_dir"]), label, first) as folder:
            return self._train(folder, data, *built)

    def go_on(self, folder: RunReader) -> RunResult:
        """Continue an old run, from its beginning if it was killed before it saved a state.

        The folder is held until this is done: see `RunFolder.working`.
        """
        state = self._saved_state(folder) if folder.has_state() else None
        data, tokens = self._load()
        check_same(folder, self.config, tokens)
        with nullcontext() if state is None else awaiting_weights():
            built = self._build(data)
        if isinstance(folder, RunFolder):
            return self._train(folder, data, *built, state)
        return _result(follow(self.config, data, built[0], state))

    def _load(self) -> tuple[PreparedData, dict[str, list[str]]]:
        """Return the data, and the tokens of its ids."""
        seed_everything(
            self.config["seed"],
            reproducibility=self.config["reproducibility"],
            on_gpu=self.config["device"].type == "cuda",
        )
        multi_interest = issubclass(self.config.model_class, MultiInterestRecommender)
        data = prepare_data(self.config, future_items=multi_interest)
        check_memory(self.config, data)
        return data, self._tokens(data.dataset)

    def _tokens(self, dataset: Any) -> dict[str, list[str]]:
        fields = self.config["item_features"] or ()
        return id_tokens(dataset, self.config["category_field"], fields)

    def _build(self, data: PreparedData) -> tuple[Any, float, Sequence[LogRecord]]:
        """Return the model, the seconds that it took, and what was logged meanwhile."""
        with lines_held(self.config["state"]) as lines:
            return *build_model(self.config, data.dataset), lines

    def _train(
        self,
        folder: RunFolder,
        data: PreparedData,
        model: Any,
        built_in: float,
        lines: Sequence[LogRecord],
        state: Mapping[str, Any] | None = None,
    ) -> RunResult:
        """Train from the beginning or from a saved state; evaluate; write everything down."""
        config, name = self.config, folder.path.name
        progress = TrainingProgress(enabled=config["show_progress"])
        log = run_log(folder.path, progress, config["state"])
        begun = as_begun(folder, machine_of(config))
        tracking = tracked(config["tracking"], folder, config["dataset"], _project_of(config))
        with progress, log as repeat, begun, tracking as tracker:
            let_follow()
            _log_data(config, data)
            repeat(lines)
            tracker.settings(config.as_plain_dict())
            trainer = StagedTrainer(config, model, progress, name, built_in=built_in)
            if state is not None:
                with _refusing_state(folder):
                    restore(trainer.loop, state, data.train)
            adopt(folder, config, trainer.loop)
            points = SavePoints(trainer.loop, folder.next_part)
            trainer.loop.on_progress = lambda: self._save(folder, points)
            trainer.loop.on_epoch = tracker.epoch
            with _naming_folder(folder.path):
                trainer.fit(data.train, data.valid)
                stages = write_results(folder, trainer, data, lambda: self.seconds, self.memory)
                tracker.finished(folder.path, stages, trainer.loop.best_stage)
                outcome = str(folder.path), stages, trainer.loop.best_stage, self.seconds
                tell_followers(outcome)
                return _result(outcome)

    def _save(self, folder: RunFolder, points: SavePoints) -> None:
        loop = points.loop
        if sharded_embedding_of(loop.model) is None:
            training, parts = points.next()
        else:  # collected anew each time, in one piece
            training, parts = whole_state(snapshot(loop), loop.model), {}
        with folder.update():
            cost = {"seconds": self.seconds, "peak_memory": self.memory.in_bytes(loop.device)}
            folder.save_state({"training": training} | cost, parts)
            folder.save_lines("training.jsonl", loop.history)
        meet()  # the others wait for the disk

    def _saved_state(self, folder: RunReader) -> Mapping[str, Any]:
        with _refusing_state(folder):
            saved = folder.load_state()
            self.seconds_before = float(saved["seconds"])
            self.memory.include(saved.get("peak_memory", {}))
            training: Mapping[str, Any] = saved["training"]
            refuse_prolonging_an_earlier_stage(training, self.config["epochs"])
        return training


def _result(outcome: Outcome) -> RunResult:
    return RunResult(Path(outcome[0]), *outcome[1:])


def _refusing_state(folder: RunReader) -> AbstractContextManager[None]:
    fault = "holds a state that this version cannot continue"
    return refusing(str(folder.path), fault, "start a new run")


def _project_of(config: OpalConfig) -> str | None:
    """Return W&B's project as RecBole's setting names it; None where that is RecBole's default."""
    named: str = config["wandb_project"]
    return None if named == "recbole" else named


def _log_data(config: OpalConfig, data: PreparedData) -> None:
    log = getLogger("recbole_opal")
    line = " ".join(f"{name}={count}" for name, count in data.counts.items())
    log.info("data %s", line, extra={"drawing": data_table(data.counts)})
    for note in (*config.notes, data.time_note):
        log.info("%s", note)
    for warning in data.warnings:
        log.warning("%s", warning)


@contextmanager
def _naming_folder(path: Path) -> Iterator[None]:
    """Let an interruption, and an error of the disk, tell which run folder they left."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.folder = path  # type: ignore[attr-defined]
        raise
    except LostProcessError as error:
        fix = f"continue with: {command(f'--resume={path}')}"
        raise TrainingError(f"{str(error).partition('; ')[0]}; {fix}") from error
    except OSError as error:  # of the log or of TensorBoard; all else has its own words
        raise write_error(path, 0, error) from error
