import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import recbole_opal

HEAVY = ["faiss", "numpy", "pandas", "ray", "recbole", "torch"]
# RecBole asks for them, but a machine on which they cannot be installed must do.
NOT_NEEDED = ["hyperopt", "plotly", "ray", "tabulate", "thop", "wandb"]
# Only `--tune` needs them.
NOT_NEEDED += ["alembic", "optuna", "sqlalchemy"]

# What settings/ stands below.
ABOVE = ("recbole.", "recbole_opal.host.", "recbole_opal.data.", "recbole_opal.models.")

IMPORT_ALL = f"""
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NOT_NEEDED!r}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)

sys.meta_path.insert(0, Missing())
import recbole_opal
for module in pkgutil.walk_packages(recbole_opal.__path__, "recbole_opal."):
    importlib.import_module(module.name)
for name in recbole_opal.__all__:
    getattr(recbole_opal, name)
"""


def modules_after(code: str) -> set[str]:
    """Return the top-level modules that a new process has after `code`."""
    report = "\nimport json, sys; print(json.dumps([name for name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_package_itself_is_light():
    assert modules_after("import recbole_opal").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--datset=ml-100k"],
        ["--help"],
        ["--dataset=ml-100k", "--num_intrests=3"],
        ["--dataset=ml-100k", "--model=SASRec", "--n_layer=3"],
        ["--dataset=ml-100k", "--model=MIND,SASRec", "--epochs=0"],
        ["--dataset=ml-100k", "--epochs"],
        ["convert", "a.csv", "--uesr=u"],
        ["describe", "ml-100k", "--encodng=x"],
        ["synthesize", "--user=3"],
        ["export", "saved/OPAL", "--out=b", "--stag=soft"],
        ["recommend", "saved/run", "--hstories=x.csv"],
        ["study", "losses", "--dataset=ml-100k", "--num_intrests=3"],
        ["describe", "--help"],
        ["runs", "--help"],
        ["serve", "--help"],
        ["study", "--help"],
        ["--dataset=ml-100k", "--tempertaure=1"],
        ["--dataset=ml-100k", "--temperature=warm"],
        ["--dataset=ml-100k", "--stages=sfot"],
        ["--dataset=ml-100k", "--model=OPALL"],
        ["--dataset=ml-100k", "--model=SASRec", "--n_layers=two"],
        ["--dataset=ml-100k", "--model=OPAL@num_intrests=8,MIND"],
        ["--dataset=ml-100k", "--model=OPAL,MINT"],
        ["--dataset=ml-100k", "--topk=0"],
        ["--dataset=ml-100k", "--worker=4"],
        ["--dataset=ml-1000k"],
        ["--resume=saved/no-such-run"],
        ["--help=OPAL"],
        ["--help=mind"],
        ["--help=tempertaure"],
        ["doctor", "--help"],
        ["doctor", "--quik"],
        ["--version"],
    ],
)
def test_neither_torch_nor_recbole_is_loaded_before_the_arguments_are_right(arguments):
    code = f"from recbole_opal.cli import main; main({arguments})"
    assert modules_after(code).isdisjoint({"faiss", "recbole", "torch"})


def test_what_starts_no_run_takes_no_pandas():
    for arguments in (["--dataset=ml-100k", "--tempertaure=1"], ["--help"], ["--version"]):
        code = f"from recbole_opal.cli import main; main({arguments})"
        assert modules_after(code).isdisjoint({"faiss", "numpy", "pandas", "recbole", "torch"})


def test_the_public_names_are_shown_and_slips_are_told():
    code = "import recbole_opal; assert set(dir(recbole_opal)) >= set(recbole_opal.__all__)"
    assert modules_after(code).isdisjoint(HEAVY)
    with pytest.raises(AttributeError, match="no attribute 'comparee'; did you mean compare"):
        recbole_opal.comparee  # noqa: B018


def test_settings_import_neither_recbole_nor_the_host():
    for path in (Path(recbole_opal.__file__).parent / "settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not any(f"{name}.".startswith(ABOVE) for name in names), path


def test_nothing_needs_ray_nor_what_recbole_asks_for_in_vain():
    loaded = modules_after(IMPORT_ALL)
    assert {"recbole", "torch"} <= loaded
    assert loaded.isdisjoint(NOT_NEEDED)


def test_the_reading_of_modules_can_fail():
    assert "torch" in modules_after("import torch")
    with pytest.raises(AssertionError, match="No module named 'ray'"):
        modules_after(IMPORT_ALL + "\nimport ray")
