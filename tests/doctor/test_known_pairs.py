"""Each known pair is found where it is, and not in the set that everything is tested with."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from recbole_opal.doctor.known_pairs import KNOWN_PAIRS, Installation

ROOT = Path(__file__).parents[2]
MET = {
    "RecBole 1.2.1 with pandas 3": {"recbole": "1.2.1", "pandas": "3.1.1"},
    "RecBole in another version than 1.2.1": {"recbole": "1.2.0"},
    "torch before 2.6": {"torch": "2.5.1+cu124"},
    "Windows with numpy 1": {"numpy": "1.26.4", "system": "win32"},
    "faiss-cpu beside faiss-gpu": {"faiss-cpu": "1.15.1", "faiss-gpu-cu12": "1.12.0"},
    "fbgemm-gpu-cpu 1.8 with another torch than 2.13": {
        "fbgemm-gpu-cpu": "1.8.0",
        "torch": "2.14.0",
    },
    "ray 2.6.3 with numpy 2": {"ray": "2.6.3", "numpy": "2.4.6"},
    "ray 2.6.3 with setuptools 81 and later": {"ray": "2.6.3", "setuptools": "84.0.0"},
    "RecBole 1.2.1 with scipy 1.13 and later": {
        "recbole": "1.2.1",
        "ray": "2.6.3",
        "scipy": "1.17.1",
        "python": "3.11",
    },
    "macOS with torch and faiss-cpu": {"faiss-cpu": "1.15.1", "torch": "2.13", "system": "darwin"},
}


def installation(python="3.11", system="linux", **versions):
    numbers = tuple(map(int, python.split(".")))
    return Installation({name: Version(text) for name, text in versions.items()}, numbers, system)


def told(here):
    return [pair.told for pair in KNOWN_PAIRS if pair.is_met(here)]


@pytest.mark.parametrize("pair", [pair.told for pair in KNOWN_PAIRS])
def test_each_pair_is_found_where_it_is(pair):
    assert told(installation(**MET[pair])) == [pair]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", ["linux", "win32"])
def test_nothing_of_the_tested_set_harms(python, system):
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    here, pins = {"python_version": python, "sys_platform": system}, {}
    for line in text.splitlines():
        plain = line.partition("#")[0].strip()
        pin = Requirement(plain) if plain else None
        if pin and (pin.marker is None or pin.marker.evaluate(here)):
            assert pin.name not in pins
            pins[pin.name] = str(pin.specifier).removeprefix("==")
    assert pins["numpy"].startswith("1." if system == "linux" and python < "3.12" else "2.")
    found = [pair for pair in KNOWN_PAIRS if pair.is_met(installation(python, system, **pins))]
    assert [pair.told for pair in found if pair.harms] == []


def test_each_fix_is_given_to_be_pasted():
    for pair in KNOWN_PAIRS:
        assert re.search(r"`[^`]+`", pair.fix), pair.told
