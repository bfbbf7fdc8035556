import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml

import recbole_opal

CHANGES_SECTION = re.compile(r"^## \[([^\]]+)\]", re.MULTILINE)
# A requirement in its quotes and, behind the comma, a reason of at least two words.
REQUIREMENT = re.compile(r'^    "([^"]+)",(?:\s+# (\S+ \S.*))?$', re.MULTILINE)


def name_of(requirement: str) -> str:
    return re.split(r"[<>=;\[ ]", requirement, maxsplit=1)[0]


@pytest.fixture(scope="module")
def requirements(project) -> list[str]:
    extras = project["project"]["optional-dependencies"]
    own = project["project"]["name"]
    everything = [
        *project["project"]["dependencies"],
        *(one for part in extras.values() for one in part),
    ]
    return [requirement for requirement in everything if name_of(requirement) != own]


def pins_in(path: Path) -> dict[str, list[str]]:
    """The pins by name; one name may have a pin for each range of Python versions."""
    pins: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        pin = line.split("#")[0].strip()
        if pin:
            pins.setdefault(name_of(pin), []).append(pin)
    return pins


@pytest.fixture(scope="module")
def constraints(root) -> dict[str, list[str]]:
    return pins_in(root / "constraints.txt")


def test_the_installed_version_is_the_package_s(project):
    assert project["tool"]["hatch"]["version"]["path"] == "recbole_opal/version.py"
    assert metadata.version("recbole-opal") == recbole_opal.__version__


def test_the_changelog_leads_to_this_version(root):
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    # Before its release a version's changes are under [Unreleased].
    assert CHANGES_SECTION.findall(text)[0] in {"Unreleased", recbole_opal.__version__}


def test_every_requirement_has_its_reason_beside_it(root, requirements):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    reasons = dict(REQUIREMENT.findall(text))
    assert [one for one in requirements if not reasons.get(one)] == []


def test_every_requirement_is_pinned_exactly(requirements, constraints):
    # tomli is on Python 3.10 alone, which is not where the set was tested.
    names = {name_of(requirement) for requirement in requirements} - {"tomli"}
    assert names - set(constraints) == set()
    pins = [pin for several in constraints.values() for pin in several]
    assert [pin for pin in pins if not re.match(r"[\w-]+==[\w.]+(; python_version|$)", pin)] == []


def test_the_tested_torch_is_pinned(constraints):
    assert constraints["torch"] == ["torch==2.13.0"]


def test_ray_finds_the_pkg_resources_that_it_imports(constraints):
    (pin,) = constraints["setuptools"]
    assert int(pin.removeprefix("setuptools==").partition(".")[0]) < 81
    assert constraints["ray"] == ["ray==2.6.3; python_version < '3.12'".replace("'", '"')]


def test_the_tested_set_is_one_in_which_recbole_s_own_run_recbole_runs(constraints, project):
    here = 'python_version < "3.12" and sys_platform != "win32"'
    assert f"numpy==1.26.4; {here}" in constraints["numpy"]  # has `bool8`
    required = project["project"]["dependencies"]
    assert any(one.startswith("numpy>=1.26,") for one in required)
    assert "scipy>=1.12" in required


def test_recbole_is_required_where_its_ray_pin_can_be_met(project):
    required = project["project"]["dependencies"]
    assert "recbole==1.2.1; python_version < '3.12'" in required
    assert not {"ray", "thop", "plotly", "tabulate"} & {name_of(one) for one in required}


def test_the_supported_pythons(project):
    assert project["project"]["requires-python"] == ">=3.10"
    assert project["tool"]["ruff"]["target-version"] == "py310"
    assert project["tool"]["mypy"]["python_version"] == "3.10"


def test_a_wheel_takes_the_properties_and_the_type_marker(root, project):
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["sources"] == {
        "dataset": "recbole_opal/dataset",
        "properties": "recbole_opal/properties",
    }
    assert (root / "recbole_opal" / "py.typed").read_bytes() == b""


def test_what_a_source_archive_takes_exists(root, project):
    taken = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [path for path in taken if not Path(root, path.removeprefix("/")).exists()] == []


def test_the_command_is_installed():
    (command,) = metadata.entry_points(group="console_scripts", name="recbole-opal")
    assert command.value == "recbole_opal.cli:console"
    assert callable(command.load())


def test_the_citation_names_this_version_and_licence(root, project):
    told = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert told["version"] == recbole_opal.__version__
    assert told["license"] == project["project"]["license"]


def test_hosted_checks_run_on_all_systems_and_pythons_that_are_named(root, project):
    path = root / ".github" / "workflows" / "ci.yml"
    matrix = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["tests"]["strategy"]["matrix"]
    named = [one.rpartition(" :: ")[2] for one in project["project"]["classifiers"]]
    assert matrix["python"] == [one for one in named if re.fullmatch(r"3\.\d+", one)]
    assert len(matrix["system"]) == len(
        [one for one in project["project"]["classifiers"] if one.startswith("Operating System")]
    )


def test_every_file_that_the_image_copies_is_let_through_and_there(root):
    lines = (root / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert len(copied) >= 6
    let_through = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [path for path in copied if f"!{path}" not in let_through] == []
    assert [path for path in copied if not (root / path).exists()] == []
