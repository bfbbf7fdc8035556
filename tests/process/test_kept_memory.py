"""Freed buffers are not handed back and taken again; a user's own settings stay."""

import os
import platform
import subprocess
import sys

import pytest

STEPS = """
import resource, sys
from recbole_opal.process.kept_memory import keep_freed_memory
import torch

torch.set_num_threads(1)
kept = keep_freed_memory() if sys.argv[1] == "keep" else None
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step = lambda: [torch.ones(2**20) for _ in range(4)]  # 4 MiB each
for _ in range(3):
    step()
before = faults()
for _ in range(20):
    step()
print(kept, faults() - before)
"""
OWN = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")


def faults_of(how, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    command = [sys.executable, "-c", STEPS, how]
    done = subprocess.run(
        command, env=clean | environment, capture_output=True, text=True, check=True, timeout=120
    )
    kept, count = done.stdout.split()
    return kept, int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are left alone")
def test_freed_buffers_are_used_again():
    kept, faults = faults_of("keep")
    assert kept == "True"
    # 4 x 1024 pages of 4 KiB a step at the most; of huge pages there are fewer by default too.
    assert faults < 200
    assert faults <= faults_of("leave")[1]


@pytest.mark.parametrize(
    "own", [{"MALLOC_TRIM_THRESHOLD_": "131072"}, {"GLIBC_TUNABLES": "glibc.malloc.top_pad=4096"}]
)
def test_a_user_s_own_settings_are_left_alone(own):
    assert faults_of("keep", **own)[0] == "False"
