"""Every registered model has settings, a yaml file and tests that hold it to the contract."""

import ast
from pathlib import Path

from recbole_opal.models import MODELS
from recbole_opal.settings.properties import model_yaml
from recbole_opal.settings.values import load_settings_file

CONTRACTS = ("ModelContract", "RoutingContract")


def models_under_contract(folder):
    """Return the names that classes derived from a contract set as their `model`."""
    found = set()
    for path in folder.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef) or not node.name.startswith("Test"):
                continue
            if not any(isinstance(b, ast.Name) and b.id in CONTRACTS for b in node.bases):
                continue
            for line in node.body:
                if isinstance(line, ast.Assign) and line.targets[0].id == "model":
                    found.add(ast.literal_eval(line.value))
    return found


def test_every_registered_model_is_held_to_the_contract():
    assert models_under_contract(Path(__file__).parent) == set(MODELS)


def test_the_search_for_contracts_can_fail(tmp_path):
    assert models_under_contract(tmp_path) == set()
    text = "class TestA(ModelContract):\n    model = 'A'\n\nclass TestB(Other):\n    model = 'B'\n"
    (tmp_path / "test_a.py").write_text(text)
    assert models_under_contract(tmp_path) == {"A"}


def test_every_model_has_settings_and_a_yaml():
    assert set(MODELS) == set(MODEL_SECTIONS)
    assert all(issubclass(model, MultiInterestRecommender) for model in MODELS.values())
    for name in MODELS:
        assert model_yaml(name) is not None


def test_every_model_but_opal_has_a_published_recipe():
    """OPAL's own is the shared one."""
    without = {name for name in MODELS if "published" not in load_settings_file(model_yaml(name))}
    assert without == {"OPAL"}
