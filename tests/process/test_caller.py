"""A run gives the process of its caller back as it was."""

import json
import os
import random
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.host.config import OpalConfig
from recbole_opal.process.caller import undisturbed

# What a caller can notice, by name; then what a piece of code changed of it.
LOOK = """
import gc, json, locale, logging, os, random, signal, sys, threading, warnings
import numpy as np, pandas as pd, torch
from scipy.sparse import dok_matrix

def seen_of(logger):
    return logger.level, logger.propagate, logger.disabled, logger.handlers[:], logger.filters[:]

def look():
    cudnn = torch.backends.cudnn
    return {
        "environment": {k: v for k, v in os.environ.items() if not k.startswith("KMP_")},
        "folder": os.getcwd(), "argv": sys.argv[:], "path": sys.path[:],
        "filters": warnings.filters[:], "showwarning": warnings.showwarning,
        "numpy": set(vars(np)), "scipy": set(vars(dok_matrix)),
        "errors": np.geterr(), "printing": np.get_printoptions(),
        "python": random.getstate(), "draws": repr(np.random.get_state()),
        "torch": torch.get_rng_state().tolist(),
        "cudnn": (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32),
        "switches": (
            torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled(),
            torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled(),
            torch.get_float32_matmul_precision(), torch.get_default_dtype(),
            torch.get_num_threads(), torch.get_num_interop_threads(),
        ),
        "loggers": {
            name: seen_of(logging.getLogger(name)) for name in (None, "recbole_opal", "recbole")
        },
        "logging": logging.root.manager.disable,
        "threads": set(threading.enumerate()),
        "streams": (sys.stdout, sys.stderr, sys.excepthook, sys.getrecursionlimit()),
        "signals": [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)],
        "pandas": [pd.get_option(each) for each in ("mode.chained_assignment", "display.max_rows")],
        "others": (locale.setlocale(locale.LC_ALL), gc.isenabled(), gc.get_threshold()),
        "metrics": sorted(
            (name, each.__module__)
            for name, each in sys.modules["recbole.evaluator.register"].metrics_dict.items()
        ),
    }

import recbole.evaluator
import rich.style  # of which newer versions draw a number when they are imported
before = look()
{code}
after = look()
print("CHANGED", json.dumps([name for name in before if before[name] != after[name]]))
"""


def changed_by(code: str, folder, environment=None) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.replace("{code}", code)],
        capture_output=True, text=True, cwd=folder, env=os.environ | (environment or {}),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1].removeprefix("CHANGED "))


@pytest.fixture
def few(quick_settings):
    return quick_settings | {"epochs": 1}


@pytest.mark.parametrize("model", ["OPAL", "LightGCN"])
def test_a_run_leaves_nothing_behind(few, tmp_path, model):
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {name: few[name] for name in few if model == "OPAL" or name not in own}
    code = f"import recbole_opal\nrecbole_opal.run('{model}', 'tiny', **{settings!r})"
    assert changed_by(code, tmp_path) == []


def test_nor_on_the_cpu_by_choice_nor_over_what_the_caller_chose(few, tmp_path):
    """Our look comes after the caller's choices, in which everything is unlike RecBole's."""
    choices = "torch.autograd.set_detect_anomaly(True); cudnn = torch.backends.cudnn\n"
    choices += "cudnn.benchmark, cudnn.deterministic, np.float = True, False, float\n"
    choices += "before = look()\n"
    settings = few | {"use_gpu": False}
    code = f"{choices}import recbole_opal\nrecbole_opal.run('OPAL', 'tiny', **{settings!r})"
    assert changed_by(code, tmp_path, {"CUDA_VISIBLE_DEVICES": "7"}) == []


def test_nor_do_a_resumed_run_an_error_a_comparison_and_its_report(few, tmp_path):
    settings = few | {"stages": "soft", "learning_rate_schedule": "constant"}
    code = f"""
import recbole_opal
from pathlib import Path
from recbole_opal.report.write import write_report
result = recbole_opal.run("OPAL", "tiny", **{settings!r})
recbole_opal.resume(result.folder, epochs=2)
for wrong in ({{"epochs": -1}}, {{"user_inter_num_interval": "[9999,inf)"}}):
    try:
        recbole_opal.run("OPAL", "tiny", **{settings!r} | wrong)
    except recbole_opal.OpalError:
        pass
compared = recbole_opal.compare(["OPAL"], "tiny", seeds=[1], **{settings!r})
assert not compared.failed
write_report(Path(compared.folder))
"""
    assert changed_by(code, tmp_path) == []


def test_nor_do_the_commands_over_data_sets(few, tmp_path):
    code = f"""
from recbole_opal.cli import main
assert main(["synthesize", "--out=dataset/small", "--users=20", "--items=20"]) == 0
assert main(["describe", "tiny", "--data_path={few["data_path"]}"]) == 0
rows = [f"{{n % 5}},{{n}},{{10**9 + n}}" for n in range(50)]
open("log.csv", "w").write("u,i,t\\n" + "\\n".join(rows))
words = ["log.csv", "--out=dataset/mine", "--user=u", "--item=i", "--time=t", "--time_unit=seconds"]
assert main(["convert", *words]) == 0
"""
    assert changed_by(code, tmp_path) == []


def test_the_look_sees_what_recbole_does(tmp_path):
    """A `Config` built by hand, and a seed, as in RecBole: they stay."""
    code = """
from recbole.utils import init_seed
init_seed(1, True)
os.environ["CUDA_VISIBLE_DEVICES"] = "7"
np.float = float
warnings.simplefilter("always")
"""
    wanted = {"environment", "filters", "numpy", "python", "draws", "torch", "cudnn"}
    assert wanted <= set(changed_by(code, tmp_path))


def missing() -> bool:
    return "float" not in vars(np)


@pytest.fixture
def nothing_set(monkeypatch):
    monkeypatch.delattr(np, "float", raising=False)


def test_what_overlaps_is_given_back_by_the_last(nothing_set, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    inside, let_go = threading.Event(), threading.Event()

    def other():
        with undisturbed():
            os.environ["CUDA_VISIBLE_DEVICES"] = "0"
            inside.set()
            let_go.wait()

    thread = threading.Thread(target=other)
    filters = warnings.filters[:]
    with undisturbed():
        thread.start()
        inside.wait()
        with undisturbed():
            warnings.simplefilter("always")
        assert not missing()
    assert not missing()  # the other still needs it
    let_go.set()
    thread.join()
    assert missing()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "5"
    assert warnings.filters == filters


def test_names_that_somebody_else_needs_too_stay(nothing_set, few):
    """Another thread builds a configuration by hand while a run is under way."""
    with undisturbed():
        thread = threading.Thread(target=OpalConfig, args=("OPAL", "tiny", few))
        thread.start()
        thread.join()
    assert not missing()


def test_a_run_draws_from_its_own_seed_whatever_the_caller_s_generators_say(few):
    losses = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        wanted = torch.rand(1)
        torch.manual_seed(seed)
        losses.append(recbole_opal.run("OPAL", "tiny", **few).stages)
        assert torch.rand(1) == wanted
    assert losses[0] == losses[1]


def test_runs_of_two_threads_come_out_as_one_after_the_other(few):
    """They share the random generators: at once, each would take numbers from the other."""
    models = ("OPAL", "MIND")
    alone = {model: recbole_opal.run(model, "tiny", **few).stages for model in models}
    found = {}

    def train(model):
        found[model] = recbole_opal.run(model, "tiny", **few).stages

    threads = [threading.Thread(target=train, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone
