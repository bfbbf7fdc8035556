"""No file of the package can run code that a data file brings along."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "recbole_opal"
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
NAMES = {"eval", "exec", "compile", "__import__"}
ATTRIBUTES = {"read_pickle", "to_pickle", "unsafe_load", "full_load"}
OWNED = {("torch", "load"), ("torch", "save"), ("yaml", "load")}


def safe_yaml_loads(tree: ast.AST) -> list[ast.expr]:
    """The `yaml.load` of calls whose Loader is a SafeLoader or a subclass defined in the file."""
    safe = {"SafeLoader", "CSafeLoader"}
    nodes = list(ast.walk(tree))
    safe |= {
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef)
        and {ast.unparse(b) for b in node.bases} == {"yaml.SafeLoader"}
    }
    return [
        node.func
        for node in nodes
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "yaml.load"
        and [ast.unparse(k.value).removeprefix("yaml.") in safe for k in node.keywords] == [True]
    ]


def offences(source: str) -> list[str]:
    """What in `source` could unpickle or evaluate text; names in comments and strings are fine."""
    found = []
    tree = ast.parse(source)
    spared = set(safe_yaml_loads(tree))
    for node in ast.walk(tree):
        if node in spared:
            continue
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [module] if module.split(".")[0] in MODULES else []
            found += [f"{module}.{a.name}" for a in node.names if (module, a.name) in OWNED]
        elif isinstance(node, ast.Name) and node.id in NAMES:
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in ATTRIBUTES or (owner, node.attr) in OWNED:
                found.append(f"{owner}.{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
            sound = isinstance(node.value, ast.Constant) and node.value.value is (
                node.arg == "weights_only"
            )
            found += [] if sound else [str(node.arg)]
    return found


def test_the_package_is_free_of_it() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 5
    found = {str(f.relative_to(PACKAGE)): offences(f.read_text(encoding="utf-8")) for f in files}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import joblib.memory as m",
        "from pickle import loads",
        "import torch\ntorch.load('x')",
        "from torch import load",
        "np.load('x', allow_pickle=True)",
        "np.load('x', allow_pickle=flag)",
        "f(weights_only=False)",
        "eval('1')",
        "run = exec",
        "yaml.load('x')",
        "yaml.load('x', Loader=yaml.FullLoader)",
        "class Mine(yaml.Loader): ...\nyaml.load('x', Loader=Mine)",
        "pd.read_pickle('x')",
    ],
)
def test_the_check_can_fail(source: str) -> None:
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    ['"""No pickle, no eval(), no torch.load."""', "model.eval()", "f(allow_pickle=False)"]
    + ["class Mine(yaml.SafeLoader): ...\nyaml.load('x', Loader=Mine)"]
    + ["yaml.safe_load('x')", "re.compile('x')", "model.load_state_dict(x)"],
)
def test_the_check_spares_the_harmless(source: str) -> None:
    assert offences(source) == []


def test_run_folders_know_nothing_of_the_host() -> None:
    for file in sorted((PACKAGE / "runs").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            else:
                continue
            for module in modules:
                assert module.split(".")[0] not in ("recbole", "pandas"), file.name
                if module.startswith("recbole_opal."):
                    allowed = [
                        f"recbole_opal.{room}"
                        for room in (
                            "runs",
                            "distributed",
                            "errors",
                            "precision",
                            "process",
                            "version",
                        )
                    ]
                    assert module.startswith(tuple(allowed)), module
