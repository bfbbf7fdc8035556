import json
import subprocess
import sys

import pytest

HEAVY = ["faiss", "numpy", "pandas", "ray", "recbole", "torch"]
# RecBole asks for them, but a machine on which they cannot be installed must do.
NOT_NEEDED = ["hyperopt", "plotly", "ray", "tabulate", "thop", "wandb"]
# Only `--tune` needs them.
NOT_NEEDED += ["alembic", "optuna", "sqlalchemy"]

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


@pytest.mark.parametrize("argument", ["--datset=ml-100k", "--help"])
def test_neither_torch_nor_recbole_is_loaded_before_the_arguments_are_right(argument):
    code = f"from recbole_opal.cli import main; main(['{argument}'])"
    assert modules_after(code).isdisjoint({"faiss", "recbole", "torch"})


def test_nothing_needs_ray_nor_what_recbole_asks_for_in_vain():
    loaded = modules_after(IMPORT_ALL)
    assert {"recbole", "torch"} <= loaded
    assert loaded.isdisjoint(NOT_NEEDED)


def test_the_reading_of_modules_can_fail():
    assert "torch" in modules_after("import torch")
    with pytest.raises(AssertionError, match="No module named 'ray'"):
        modules_after(IMPORT_ALL + "\nimport ray")
