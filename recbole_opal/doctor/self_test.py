"""Ten seconds of everything: `python -m recbole_opal.doctor.self_test FOLDER`, a line a step.

It trains OPAL for a moment on the data set that the package brings, loads what was saved, and
compares lists; the folder takes the run. The process may die of what is broken; whoever started it
hears where. A line is `doctor: ` and JSON with `step`, `ok` and `told`; what libraries print stands
between.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recbole_opal.experiment import RunResult
    from recbole_opal.serving import Lists

__all__ = ["MARK", "STEPS", "main"]

MARK = "doctor: "
"""What a line for the asking process begins with."""
_IMPORTED = (
    *("numpy", "pandas", "scipy.sparse", "sklearn.metrics", "torch", "faiss", "duckdb"),
    *("pydantic", "rich.table", "safetensors.torch", "psutil", "recbole"),
)
_K = 10
_SETTINGS: dict[str, Any] = {
    "epochs": 2,
    "train_batch_size": 256,
    "eval_batch_size": 256,
    "hidden_size": 16,
    "num_negatives": 64,
    "metrics": ["Recall"],
    "topk": [_K],
    "valid_metric": f"Recall@{_K}",
    "tensorboard": False,
    "show_progress": False,
    "state": "ERROR",
}


class _FailedError(Exception):
    """A step found something wrong; the message says what."""


class _Patient:
    """What the steps pass on to each other."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.result: RunResult | None = None
        self.lists: Lists | None = None


def _imports(_: _Patient) -> str:
    broken = []
    for name in _IMPORTED:
        try:
            import_module(name)
        except Exception as error:  # whatever a broken package says
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            broken.append(f"{name.partition('.')[0]} ({why})")
    if broken:
        raise _FailedError(f"cannot be imported: {'; '.join(broken)}")
    return f"{len(_IMPORTED)} packages"


def _devices(_: _Patient) -> str:
    import torch

    threads = f"threads of torch: {torch.get_num_threads()}"
    if torch.cuda.is_available():
        product = torch.ones(64, 64, device="cuda") @ torch.ones(64, 64, device="cuda")
        if float(product.sum()) != 64.0**3:
            raise _FailedError("the GPU multiplies wrongly")
        count = torch.cuda.device_count()
        names = sorted({torch.cuda.get_device_name(number) for number in range(count)})
        return f"{count} GPU ({', '.join(names)}), CUDA {torch.version.cuda}; {threads}"
    built = f", though torch is built for CUDA {torch.version.cuda}" if torch.version.cuda else ""
    return f"CPU, {threads}; no GPU that CUDA knows{built}"


def _training(patient: _Patient) -> str:
    import recbole_opal
    from recbole_opal.settings.properties import OWN_DATASET, own_data_root

    root = own_data_root()
    if root is None:
        raise _FailedError(f"the data set {OWN_DATASET} is not there; install recbole-opal again")
    places = {"data_path": str(root), "checkpoint_dir": str(patient.scratch)}
    result = recbole_opal.run("OPAL", OWN_DATASET, **_SETTINGS, **places)
    patient.result = result
    recall = result.stages[result.best_stage]["test"][f"recall@{_K}"]
    if not recall > 0:
        raise _FailedError(f"recall@{_K} of a trained model is {recall}")
    return f"OPAL, {len(result.stages)} stages: recall@{_K} {recall:.3f}"


def _loading(patient: _Patient) -> str:
    from recbole_opal.runs import RunReader

    result = _needed(patient.result)
    RunReader.open(result.folder).verify()
    lists = _lists(result, "torch")
    saved = RunReader.open(result.folder).load_arrays(f"lists-{result.best_stage}-test.npz")
    differ = int((lists.ids != saved["items"]).any(axis=1).sum())
    if differ:
        raise _FailedError(f"{differ} of {len(lists)} lists are not those of the run")
    patient.lists = lists
    return f"{len(lists)} lists, as the run saved them"


def _searching(patient: _Patient) -> str:
    exact, other = _needed(patient.lists), _lists(_needed(patient.result), "faiss")
    differ = int((exact.ids != other.ids).any(axis=1).sum())
    if differ:
        raise _FailedError(f"torch and Faiss differ in {differ} of {len(exact)} lists")
    return f"torch and Faiss agree on {len(exact)} lists"


def _lists(result: RunResult, retrieval: str) -> Lists:
    from recbole_opal.serving import load
    from recbole_opal.serving.own_users import own_users

    recommender = load(result.folder, result.best_stage, retrieval)
    return recommender.lists(own_users(recommender.trained), k=_K)


def _needed(value: Any) -> Any:
    if value is None:
        raise _FailedError("left out, since an earlier step failed")
    return value


STEPS: dict[str, Callable[[_Patient], str]] = {
    "import": _imports,
    "devices": _devices,
    "train": _training,
    "save and load": _loading,
    "search": _searching,
}
"""By name, in their order; each returns what there is to say."""


def main(scratch: str) -> int:
    """Do all steps; return how many failed."""
    failed, patient = 0, _Patient(Path(scratch))
    for name, step in STEPS.items():
        try:
            ok, told = True, step(patient)
        except _FailedError as error:
            ok, told = False, str(error)
        except Exception as error:  # whatever a library says: it is what is asked for
            first = str(error).strip().splitlines()
            ok, told = False, f"{type(error).__name__}: {first[0] if first else ''}"
        failed += not ok
        print(MARK + json.dumps({"step": name, "ok": ok, "told": told}), flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
