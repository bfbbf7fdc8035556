"""One run from settings to a run folder: what the command and `recbole_opal.run` do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from logging import LogRecord, getLogger
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.console.run_log import lines_held, run_log
from recbole_opal.errors import SettingsError, refusing
from recbole_opal.evaluation.registry import own_classes
from recbole_opal.host import quiet_deprecations
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.continued import MAY_CHANGE, continued_config
from recbole_opal.host.memory import check_memory, telling_memory
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.recommender import MultiInterestRecommender
from recbole_opal.host.stumbles import telling_upstream
from recbole_opal.host.trainer import StagedTrainer, build_model
from recbole_opal.own_models import source_digests
from recbole_opal.process.caller import alone
from recbole_opal.process.peak_memory import PeakMemory
from recbole_opal.run_results import RunResults, id_tokens
from recbole_opal.runs import RunFolder
from recbole_opal.runs.atomic import write_error
from recbole_opal.runs.encoding import encode_json, encode_settings
from recbole_opal.runs.machine import as_begun, machine_of
from recbole_opal.runs.origin import Origin, data_digests, settings_digest
from recbole_opal.settings import Request
from recbole_opal.settings.border import path_given
from recbole_opal.settings.places import naming
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.seeds import seed_everything
from recbole_opal.training.snapshot import (
    is_on_course,
    refuse_prolonging_an_earlier_stage,
    restore,
    snapshot,
)

__all__ = ["RunResult", "resume", "run", "run_request"]

_OTHER_STATE, _NEW_RUN = "holds a state that this version cannot continue", "start a new run"


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


@alone
def run(
    model: str | type[Any],
    dataset: str,
    *,
    config_files: str | Path | Sequence[str | Path] = (),
    **settings: Any,
) -> RunResult:
    """Train and evaluate a model; the same as the command with `--model=... --dataset=...`.

    The calling process is given back as it was, the states of its random generators among it: a
    run draws from its own `seed`, and neither advances nor seeds those of the caller. Runs of
    several threads wait for each other: those generators are the process's.

    Args:
        model: the name of one of our models or of RecBole's, or a class of your own; see
            `MultiInterestNetwork`.
        dataset: name of the data set.
        config_files: yaml files with more settings.
        **settings: any setting by its name, typed: `num_interests=8`.

    Raises:
        OpalError: settings or data are wrong, or training cannot go on.

    Example:
        >>> import recbole_opal  # doctest: +SKIP
        >>> result = recbole_opal.run("OPAL", "ml-100k", num_interests=8)  # doctest: +SKIP
        >>> result.stages["soft"]["test"]["recall@50"]  # doctest: +SKIP
    """
    config = OpalConfig(model, dataset, settings, config_files)
    with quiet_deprecations(), naming(config.places), telling_upstream(config), telling_memory():
        return _Session(config).start()


@alone
def resume(folder: str | Path, *, model: type[Any] | None = None, **settings: Any) -> RunResult:
    """Continue a run that was stopped, exactly as if it had not been.

    A run that ended because `epochs` were reached can be given more of them.

    Args:
        folder: the run folder.
        model: the class of a model of your own that was typed into a session, where nothing else
            finds it.
        **settings: new values of the few settings that may change: epochs, show_progress,
            state, tensorboard, gpu_id, use_gpu, data_path.

    Raises:
        OpalError: the folder is damaged, or a setting may not change.
    """
    run_folder = RunFolder.open(path_given("resume", folder))
    with run_folder.working(), quiet_deprecations():  # from before the first look at it
        config = continued_config(run_folder, settings, model)
        with naming(config.places, MAY_CHANGE), telling_upstream(config), telling_memory():
            return _Session(config).go_on(run_folder)


def run_request(request: Request) -> RunResult:
    """Do what a command line asks for; see `run` and `resume`."""
    if request.resume is not None:
        return resume(request.resume, **request.settings)
    return run(
        request.model, request.dataset, config_files=request.config_files, **request.settings
    )


class _Made(NamedTuple):
    """What wrong settings would stop, and the lines that were logged while it was made."""

    results: RunResults
    model: Any
    seconds: float
    lines: Sequence[LogRecord]


class _Session:
    """The part of a run that happens in one process."""

    def __init__(self, config: OpalConfig) -> None:
        self.config = config
        self.started = perf_counter()
        self.seconds_before = 0.0  # of earlier sessions
        self.memory = PeakMemory()

    def start(self) -> RunResult:
        """Begin a new run: data, model, folder, training."""
        data = self._load()
        tokens = id_tokens(data, self.config["category_field"])
        made = self._make(data)  # what fails here leaves no folder behind
        label = f"{self.config['model']}-{self.config['dataset']}"
        first = {
            "config.yaml": encode_settings(self.config.as_plain_dict()),
            "ids.json": encode_json(tokens),
            "origin.json": encode_json(_origin(self.config).as_plain()),
        }
        with RunFolder.begin(Path(self.config["checkpoint_dir"]), label, first) as folder:
            return self._train(folder, data, made)

    def go_on(self, folder: RunFolder) -> RunResult:
        """Continue an old run, from its beginning if it was killed before it saved a state.

        The folder is held until this is done: see `RunFolder.working`.
        """
        state = self._saved_state(folder) if folder.has_state() else None
        data = self._load()
        if folder.load_json("ids.json") != id_tokens(data, self.config["category_field"]):
            raise SettingsError(
                f"the data set '{self.config['dataset']}' is not the one this run was trained on; "
                "give back the old files or start a new run."
            )
        _check_sources(folder, self.config)
        return self._train(folder, data, self._make(data), state)

    def _load(self) -> PreparedData:
        seed_everything(self.config["seed"], reproducibility=self.config["reproducibility"])
        multi_interest = issubclass(self.config.model_class, MultiInterestRecommender)
        data = prepare_data(self.config, future_items=multi_interest)
        check_memory(self.config, data)
        return data

    def _make(self, data: PreparedData) -> _Made:
        with lines_held(self.config["state"]) as lines:
            results = RunResults(self.config, data)
            return _Made(results, *build_model(self.config, data.dataset), lines)

    def _train(
        self,
        folder: RunFolder,
        data: PreparedData,
        made: _Made,
        state: Mapping[str, Any] | None = None,
    ) -> RunResult:
        """Train from the beginning or from a saved state; evaluate; write everything down."""
        progress = TrainingProgress(enabled=self.config["show_progress"])
        log = run_log(folder.path, progress, self.config["state"])
        with progress, log as repeat, as_begun(folder, machine_of(self.config)):
            _log_data(self.config, data)
            repeat(made.lines)
            trainer = StagedTrainer(
                self.config, made.model, progress, folder.path.name, built_in=made.seconds
            )
            if state is not None:
                with refusing(str(folder.path), _OTHER_STATE, _NEW_RUN):
                    restore(trainer.loop, state, data.train)
            _adopt(folder, self.config, trainer.loop)
            trainer.loop.on_progress = lambda: self._save(folder, trainer.loop)
            with _naming_folder(folder.path):
                trainer.fit(data.train, data.valid)
                stages = made.results.write(folder, trainer, lambda: self.seconds, self.memory)
                return RunResult(folder.path, stages, trainer.loop.best_stage, self.seconds)

    @property
    def seconds(self) -> float:
        return self.seconds_before + perf_counter() - self.started

    def _save(self, folder: RunFolder, loop: TrainingLoop) -> None:
        with folder.update():
            cost = {"seconds": self.seconds, "peak_memory": self.memory.in_bytes(loop.device)}
            folder.save_state({"training": snapshot(loop)} | cost)
            folder.save_lines("training.jsonl", loop.history)

    def _saved_state(self, folder: RunFolder) -> Mapping[str, Any]:
        with refusing(str(folder.path), _OTHER_STATE, _NEW_RUN):
            saved = folder.load_state()
            self.seconds_before = float(saved["seconds"])
            self.memory.include(saved.get("peak_memory", {}))
            training: Mapping[str, Any] = saved["training"]
            refuse_prolonging_an_earlier_stage(training, self.config["epochs"])
        return training


def _log_data(config: OpalConfig, data: PreparedData) -> None:
    log = getLogger("recbole_opal")
    log.info("data %s", " ".join(f"{name}={count}" for name, count in data.counts.items()))
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
    except OSError as error:  # of the log or of TensorBoard; all else has its own words
        raise write_error(path, 0, error) from error


def _origin(config: OpalConfig) -> Origin:
    """Return what the run is made from, by which it is found again."""
    files = data_digests(Path(config["data_path"]), config["dataset"], config["load_col"])
    return Origin.of(
        config.as_plain_dict(),
        files,
        machine_of(config),
        source_digests(config.model_class, *own_classes(config["metrics"])),
    )


def _check_sources(folder: RunFolder, config: OpalConfig) -> None:
    """Refuse to go on with a model of the user's whose file is another one now."""
    if "origin.json" not in folder.names:
        return
    begun = Origin.from_plain(folder.load_json("origin.json")).versions
    for name, sha in _origin(config).versions.items():
        if name.startswith("file of ") and begun.get(name) != sha:
            raise SettingsError(
                f"the {name} is not the one this run was begun with; give back the old one or "
                "start a new run."
            )


def _adopt(folder: RunFolder, config: OpalConfig, loop: TrainingLoop) -> None:
    """Let the folder say what the run is now: with other epochs it is another, undone run.

    It stands for a run that has had these epochs from its beginning only where it has gone
    that way: one that is past them would be a longer run in the other's place.
    """
    if folder.load_yaml("config.yaml").get("epochs") == config["epochs"]:
        return
    made_from = plain = config.as_plain_dict()
    if not is_on_course(loop):
        getLogger("recbole_opal").warning(
            "with --epochs=%s from its beginning this run would have gone another way: it "
            "keeps what it has been trained, and no comparison will reuse it",
            config["epochs"],
        )
        gone = [[row["stage"], row["epoch"]] for row in loop.history]
        made_from = plain | {"trained": gone}
    with folder.update():
        folder.save_yaml("config.yaml", plain)
        if "origin.json" in folder.names:
            origin = folder.load_json("origin.json") | {"settings": settings_digest(made_from)}
            folder.save_json("origin.json", origin)
        folder.drop("metrics.json")
