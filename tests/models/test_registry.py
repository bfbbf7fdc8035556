"""A model is one file: found by listing, its yaml written from its class, its tests three lines."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recbole_opal import models
from recbole_opal.models import MODELS
from recbole_opal.models.write_yaml import main, yaml_of
from recbole_opal.settings import properties
from recbole_opal.settings.fields import typed
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import model_yaml
from recbole_opal.settings.values import load_settings_file

CONTRACTS = ("ModelContract", "RoutingContract")
ROOT = Path(__file__).resolve().parents[2]
NEWEST = '''
"""A user's one interest is the newest item."""

from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.recipes import Recipe, search_with
from recbole_opal.settings.model_schemas import MultiInterestSettings, setting


class NewestSettings(MultiInterestSettings):
    """Newest: the newest item (nobody, 2026)."""

    scale: float = setting(1.0, "what its vector is multiplied by; 0 = nothing [D]", ge=0, le=9)


class NewestNetwork(MultiInterestNetwork):
    """One interest."""

    Settings = NewestSettings
    training_defaults = {"MAX_ITEM_LIST_LENGTH": 7}
    published = Recipe("another length.", MAX_ITEM_LIST_LENGTH=(9, "of the paper [P]"))
    search = search_with(scale={"low": 0.5, "high": 2.0})

    def encode(self, history):
        last = history.lengths.cumsum(0) - 1
        return self.settings.scale * history.vectors[last].unsqueeze(1)
'''


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
    assert len(MODELS) >= 10
    assert next(iter(MODELS)) == "OPAL"


def test_the_search_for_contracts_can_fail(tmp_path):
    assert models_under_contract(tmp_path) == set()
    text = "class TestA(ModelContract):\n    model = 'A'\n\nclass TestB(Other):\n    model = 'B'\n"
    (tmp_path / "test_a.py").write_text(text)
    assert models_under_contract(tmp_path) == {"A"}


@pytest.mark.parametrize("name", MODELS)
def test_the_yaml_of_a_model_is_what_its_class_says(name):
    """Where they differ: `python -m recbole_opal.models.write_yaml`."""
    network, path = MODELS[name], model_yaml(name)
    assert path.read_text(encoding="utf-8") == yaml_of(network)
    written = load_settings_file(path)
    fields = {each: field.default for each, field in section_of(network).model_fields.items()}
    blocks = {"published": dict(network.published), "search": network.search}
    expected = fields | network.training_defaults | {k: v for k, v in blocks.items() if v}
    assert written == expected
    assert set(network.published) <= set(fields) | {*network.training_defaults, "learning_rate"}


def test_every_model_of_a_paper_has_a_published_recipe():
    """Two models are decided here, after papers on others."""
    without = {name for name, network in MODELS.items() if not network.published}
    assert without == {"GaussianMixture", "VQCodebook"}


def test_the_command_writes_the_files_that_are_named(tmp_path, monkeypatch):
    shutil.copytree(properties.properties_folder(), tmp_path / "properties")
    monkeypatch.setattr(properties, "_PACKAGE", tmp_path)
    for name in ("OPAL", "MIND"):
        (tmp_path / f"properties/model/{name}.yaml").write_text("")
    main(["OPAL"])
    assert model_yaml("OPAL").read_text(encoding="utf-8") == yaml_of(MODELS["OPAL"])
    assert model_yaml("MIND").read_text(encoding="utf-8") == ""
    main([])
    assert model_yaml("MIND").read_text(encoding="utf-8") == yaml_of(MODELS["MIND"])


def test_a_model_is_one_file_of_the_package(tmp_path, quick_settings):
    """In a copy of the project: the file, its yaml by the command, a run by name, its contract."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "recbole_opal", tmp_path / "recbole_opal", ignore=ignored)
    shutil.copytree(ROOT / "properties", tmp_path / "properties")
    (tmp_path / "recbole_opal/models/newest.py").write_text(NEWEST)
    (tmp_path / "test_newest.py").write_text(
        "from recbole_opal.testing import ModelContract\n\n\n"
        'class TestNewest(ModelContract):\n    model = "Newest"\n'
    )

    def python(*words):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    python("-m", "recbole_opal.models.write_yaml", "Newest")
    written = load_settings_file(tmp_path / "properties/model/Newest.yaml")
    assert (written["scale"], written["MAX_ITEM_LIST_LENGTH"]) == (1.0, 7)
    assert "what its vector is multiplied by, in [0, 9]; 0 = nothing [D]" in (
        tmp_path / "properties/model/Newest.yaml"
    ).read_text(encoding="utf-8")
    given = {k: v for k, v in quick_settings.items() if k != "num_interests"} | {"epochs": 1}
    flags = [f"--{name}={typed(value)}" for name, value in given.items()]
    said = python("-m", "recbole_opal", "--dataset=tiny", "--model=newest", "--scale=2", *flags)
    assert "Newest" in said
    python("-m", "pytest", "-q", "-k", "shapes or same_lists", "test_newest.py")


def test_only_files_of_the_package_hold_its_models():
    assert {network.__module__ for network in MODELS.values()} <= {
        f"{models.__name__}.{path.stem}" for path in Path(models.__file__).parent.glob("*.py")
    }
