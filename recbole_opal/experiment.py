"""One run from settings to a run folder: what the command and `recbole_opal.run` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from logging import LogRecord, getLogger
from pathlib import Path
from time import perf_counter
from typing import Any

from recbole.utils import init_seed

from recbole_opal.data.prepare import PreparedData, prepare_data
from recbole_opal.errors import SettingsError
from recbole_opal.host import quiet_deprecations
from recbole_opal.host.recommender import MultiInterestRecommender
from recbole_opal.outcome import Outcome, id_tokens
from recbole_opal.own_models import source_digests
from recbole_opal.process.caller import alone
from recbole_opal.reporting.log import lines_held, run_log
from recbole_opal.reporting.memory import PeakMemory
from recbole_opal.reporting.progress import TrainingProgress
from recbole_opal.runs import RunFolder
from recbole_opal.runs.atomic import write_error
from recbole_opal.runs.encoding import encode_json, encode_settings
from recbole_opal.runs.machine import as_begun, machine_of
from recbole_opal.runs.origin import Origin, data_digests, settings_digest
from recbole_opal.runs.refusal import refusing
from recbole_opal.settings import Request
from recbole_opal.settings.border import path_given
from recbole_opal.settings.config import OpalConfig
from recbole_opal.settings.continued import MAY_CHANGE, continued_config
from recbole_opal.settings.places import naming
from recbole_opal.settings.stumbles import telling_upstream
from recbole_opal.training.build import Built, build_trainer
from recbole_opal.training.memory import check_memory, telling_memory
from recbole_opal.training.snapshot import TrainingSnapshot, is_on_course
from recbole_opal.training.trainer import StagedTrainer

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
        model: "OPAL" or another of our models, one of RecBole's sequential or general models, or a
            class of your own; see `MultiInterestNetwork`.
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
    """Do what a command line asks for.

    Args:
        request: the parsed command line.

    Raises:
        OpalError: see `run` and `resume`.
    """
    if request.resume is not None:
        return resume(request.resume, **request.settings)
    return run(
        request.model, request.dataset, config_files=request.config_files, **request.settings
    )


class _Session:
    """The part of a run that happens in one process."""

    def __init__(self, config: OpalConfig) -> None:
        self.config = config
        self.started = perf_counter()
        self.seconds_before = 0.0
        self.memory = PeakMemory()

    def start(self) -> RunResult:
        """Begin a new run."""
        init_seed(self.config["seed"], self.config["reproducibility"])
        data = self._load()
        tokens = self._tokens(data)
        with lines_held(self.config["state"]) as lines:  # what fails here leaves no folder behind
            ready = self._ready(data)
        label = f"{self.config['model']}-{self.config['dataset']}"
        first = {
            "config.yaml": encode_settings(self.config.as_plain_dict()),
            "ids.json": encode_json(tokens),
            "origin.json": encode_json(_origin(self.config).as_plain()),
        }
        with RunFolder.begin(Path(self.config["checkpoint_dir"]), label, first) as folder:
            return self._train(folder, data, None, ready, lines)

    def go_on(self, folder: RunFolder) -> RunResult:
        """Continue an old run, from its beginning if it was killed before it saved a state.

        Args:
            folder: the run's, held until this is done: see `RunFolder.working`.
        """
        snapshot = self._snapshot(folder) if folder.has_state() else None
        init_seed(self.config["seed"], self.config["reproducibility"])
        data = self._load()
        if folder.load_json("ids.json") != self._tokens(data):
            raise SettingsError(
                f"the data set '{self.config['dataset']}' is not the one this run was trained on; "
                "give back the old files or start a new run."
            )
        self._check_sources(folder)
        return self._train(folder, data, snapshot)

    def _snapshot(self, folder: RunFolder) -> TrainingSnapshot:
        with refusing(str(folder.path), _OTHER_STATE, _NEW_RUN):
            state = folder.load_state()
            self.seconds_before = float(state["seconds"])
            self.memory.include(state.get("peak_memory", {}))
            snapshot = TrainingSnapshot(state["training"])
            snapshot.refuse_prolonging_an_earlier_stage(self.config["epochs"])
        return snapshot

    def _check_sources(self, folder: RunFolder) -> None:
        """Refuse to go on with a model of the user's whose file is another one now."""
        if "origin.json" not in folder.names:
            return
        begun = Origin.from_plain(folder.load_json("origin.json")).versions
        for name, sha in _origin(self.config).versions.items():
            if name.startswith("file of ") and begun.get(name) != sha:
                raise SettingsError(
                    f"the {name} is not the one this run was begun with; give back the old one or "
                    "start a new run."
                )

    def _adopt(self, folder: RunFolder, trainer: StagedTrainer) -> None:
        """Let the folder say what the run is now: with other epochs it is another, undone run.

        It stands for a run that has had these epochs from its beginning only where it has gone
        that way: one that is past them would be a longer run in the other's place.
        """
        if folder.load_yaml("config.yaml").get("epochs") == self.config["epochs"]:
            return
        plain = self.config.as_plain_dict()
        made_from = plain
        if not is_on_course(trainer):
            getLogger("recbole_opal").warning(
                "with --epochs=%s from its beginning this run would have gone another way: it "
                "keeps what it has been trained, and no comparison will reuse it",
                self.config["epochs"],
            )
            made_from = plain | {"trained": [[r["stage"], r["epoch"]] for r in trainer.history]}
        with folder.update():
            folder.save_yaml("config.yaml", plain)
            if "origin.json" in folder.names:
                origin = folder.load_json("origin.json") | {"settings": settings_digest(made_from)}
                folder.save_json("origin.json", origin)
            folder.drop("metrics.json")

    @property
    def seconds(self) -> float:
        return self.seconds_before + perf_counter() - self.started

    def _load(self) -> PreparedData:
        multi_interest = issubclass(self.config.model_class, MultiInterestRecommender)
        data = prepare_data(self.config, future_items=multi_interest)
        check_memory(self.config, data)
        return data

    def _ready(self, data: PreparedData) -> tuple[Outcome, Built]:
        """Make what wrong settings would stop."""
        return Outcome(self.config, data), Built.of(self.config, data)

    def _tokens(self, data: PreparedData) -> dict[str, list[str]]:
        return id_tokens(data, self.config["category_field"])

    def _train(
        self,
        folder: RunFolder,
        data: PreparedData,
        snapshot: TrainingSnapshot | None,
        ready: tuple[Outcome, Built] | None = None,
        lines: Sequence[LogRecord] = (),
    ) -> RunResult:
        """Train from the beginning or from a snapshot; evaluate; write everything down.

        The folder is held by the caller. `lines` were logged while `ready` was made.
        """
        progress = TrainingProgress(enabled=self.config["show_progress"])
        log = run_log(folder.path, progress, self.config["state"])
        with progress, log as repeat, as_begun(folder, machine_of(self.config)):
            counts = " ".join(f"{name}={count}" for name, count in data.counts.items())
            getLogger("recbole_opal").info("data %s", counts)
            for note in (*self.config.notes, data.time_note):
                getLogger("recbole_opal").info("%s", note)
            for warning in data.warnings:
                getLogger("recbole_opal").warning("%s", warning)
            repeat(lines)
            outcome, built = ready or self._ready(data)
            trainer = build_trainer(self.config, built, progress, folder.path.name)
            if snapshot is not None:
                with refusing(str(folder.path), _OTHER_STATE, _NEW_RUN):
                    trainer.restore(snapshot, data.train)
            self._adopt(folder, trainer)
            trainer.on_progress = lambda: self._save(folder, trainer)
            try:
                trainer.fit(data.train, data.valid)
                stages = outcome.write(folder, trainer, lambda: self.seconds, self.memory)
                return RunResult(folder.path, stages, trainer.best_stage, self.seconds)
            except KeyboardInterrupt as interrupt:
                interrupt.folder = folder.path  # type: ignore[attr-defined]
                raise
            except OSError as error:  # of the log or of TensorBoard; all else has its own words
                raise write_error(folder.path, 0, error) from error

    def _save(self, folder: RunFolder, trainer: StagedTrainer) -> None:
        with folder.update():
            cost = {"seconds": self.seconds, "peak_memory": self.memory.in_bytes(trainer.device)}
            folder.save_state({"training": trainer.snapshot().state} | cost)
            folder.save_lines("training.jsonl", trainer.history)


def _origin(config: OpalConfig) -> Origin:
    """Return what the run is made from, by which it is found again."""
    files = data_digests(Path(config["data_path"]), config["dataset"], config["load_col"])
    return Origin.of(
        config.as_plain_dict(), files, machine_of(config), source_digests(config.model_class)
    )
