"""Freed buffers are not handed back and taken again; a user's own settings stay."""

import os
import platform
import subprocess
import sys

import pytest

# Page faults of ten steps that each take four buffers of 4 MiB and free them, five times over:
# first as glibc does it, then with what is freed kept.
ROUNDS = """
import resource
from recbole_opal.process.kept_memory import keep_freed_memory
import torch

torch.set_num_threads(1)

def round():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        [torch.ones(2**20) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = max(round() for _ in range(5))
kept = keep_freed_memory()
print(int(kept), usual, min(round() for _ in range(5)))
"""
OWN = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")


def measure(**environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    command = [sys.executable, "-c", ROUNDS]
    done = subprocess.run(
        command, env=clean | environment, capture_output=True, text=True, check=True, timeout=120
    )
    return map(int, done.stdout.split())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are left alone")
def test_freed_buffers_are_used_again():
    kept, usual, faults = measure()
    assert kept
    assert usual > 100
    assert faults < usual / 4


@pytest.mark.parametrize(
    "own",
    [
        {"MALLOC_TRIM_THRESHOLD_": "131072"},
        pytest.param({"GLIBC_TUNABLES": "glibc.malloc.top_pad=4096"}, marks=pytest.mark.slow),
    ],
)
def test_a_user_s_own_settings_are_left_alone(own):
    kept, *_ = measure(**own)
    assert not kept
