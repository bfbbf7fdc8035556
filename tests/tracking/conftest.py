"""Trackers in the place of the real ones, which write down what they are told."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest


class Told:
    """What a tracker has been told, whichever it is; `runs` by id."""

    def __init__(self):
        self.runs, self.refuses, self.breaks, self.stops_in = {}, None, False, ""

    def begun(self, run_id, name):
        if self.refuses:
            raise self.refuses
        run = SimpleNamespace(name=name, settings={}, points=[], results={}, files=[], state="on")
        self.runs.setdefault(run_id, run).state = "on"

    def points(self, run_id, values):
        if self.breaks:
            raise ConnectionError("the server is gone")
        if self.stops_in and values and values[0][0].startswith(self.stops_in):
            self.stops_in = ""
            raise KeyboardInterrupt
        self.runs[run_id].points += values

    def files(self, run_id, paths):
        self.runs[run_id].files += [Path(path).name for path in paths]


def fake_mlflow(told):
    """Return modules with the part of MLflow that is called."""

    class Client:
        tracking_uri = "fake://"
        experiments = {}

        def search_experiments(self, max_results):
            if told.refuses:
                raise told.refuses

        def get_experiment_by_name(self, name):
            return self.experiments.get(name)

        def create_experiment(self, name):
            self.experiments[name] = SimpleNamespace(experiment_id="7")
            return "7"

        def create_run(self, experiment_id, run_name, tags):
            assert experiment_id == "7"
            run_id = f"id{len(told.runs)}"
            told.begun(run_id, run_name)
            return SimpleNamespace(info=SimpleNamespace(run_id=run_id))

        def update_run(self, run_id, status):
            assert run_id in told.runs
            told.begun(run_id, "")

        def get_run(self, run_id):
            return SimpleNamespace(data=SimpleNamespace(params=dict(told.runs[run_id].settings)))

        def log_batch(self, run_id, metrics=(), params=()):
            assert len(params) <= 100
            found = told.runs[run_id].settings
            for key, value in params:
                assert found.setdefault(key, value) == value  # MLflow changes none
            final = [m for m in metrics if m[0].startswith("final/")]
            told.runs[run_id].results |= {m[0].replace("_at_", "@"): m[1] for m in final}
            curves = [(m[0].replace("_at_", "@"), m[3], m[1]) for m in metrics if m not in final]
            told.points(run_id, curves)

        def set_tag(self, run_id, name, value):
            told.runs[run_id].results[name] = value

        def log_artifact(self, run_id, path):
            told.files(run_id, [path])

        def set_terminated(self, run_id, status):
            told.runs[run_id].state = status

    module, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")
    module.MlflowClient = Client
    entities.Param = lambda key, value: (key, value)
    entities.Metric = lambda key, value, time, step: (key, value, time, step)
    return {"mlflow": module, "mlflow.entities": entities}


def fake_wandb(told):
    """Return a module with the part of W&B that is called."""

    class Run:
        offline, url = False, "fake://"

        def __init__(self, run_id):
            self.id, self.axes = run_id, {}
            self.config = SimpleNamespace(update=self.update)
            self.summary = told.runs[run_id].results

        def update(self, values, allow_val_change):
            assert allow_val_change
            told.runs[self.id].settings |= {name: str(value) for name, value in values.items()}

        def define_metric(self, name, step_metric=None):
            self.axes[name] = step_metric

        def log(self, values):
            ((axis, epoch),) = [pair for pair in values.items() if pair[0].endswith("/epoch")]
            assert self.axes[axis.replace("epoch", "*")] == axis
            told.points(self.id, [(n, epoch, v) for n, v in values.items() if n != axis])

        def log_artifact(self, artifact):
            told.files(self.id, artifact.paths)

        def finish(self, exit_code):
            told.runs[self.id].state = "FAILED" if exit_code else "FINISHED"

    def init(project, name, id, resume, group, reinit, settings):
        assert (resume, reinit) == ("allow", "create_new")
        told.project = project
        told.begun(id, name)
        return Run(id)

    def login(prompt):
        assert prompt is False  # nobody may be there to answer
        return told.refuses is None

    class Artifact:
        def __init__(self, name, type):
            self.paths = []

        def add_file(self, path):
            self.paths.append(path)

    module = ModuleType("wandb")
    module.init, module.login, module.Artifact = init, login, Artifact
    module.Settings = lambda **given: given
    return {"wandb": module}


@pytest.fixture(params=["mlflow", "wandb"])
def kind(request):
    return request.param


@pytest.fixture
def told(kind, monkeypatch):
    """Put a fake in the place of the tracker `kind`; return what it is told."""
    found = Told()
    for name, module in {"mlflow": fake_mlflow, "wandb": fake_wandb}[kind](found).items():
        module.__spec__ = ModuleSpec(name, None)
        monkeypatch.setitem(sys.modules, name, module)
    for variable in ("WANDB_MODE", "WANDB_PROJECT", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(variable, raising=False)
    return found
