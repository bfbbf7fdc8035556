"""The data room, and what reads data sets for `convert` and `describe`, do without RecBole."""

import subprocess
import sys

MODULES = [
    "recbole_opal.conversion.write",
    "recbole_opal.data.atomic_files",
    "recbole_opal.data.counts",
    "recbole_opal.data.data_warnings",
    "recbole_opal.data.empty_parts",
    "recbole_opal.data.protocols",
    "recbole_opal.data.repeated_rows",
    "recbole_opal.data.user_sequences",
    "recbole_opal.description.describe_command",
    "recbole_opal.description.read_items",
    "recbole_opal.description.read_log",
    "recbole_opal.synthesis.synthetic_files",
]


def test_a_blocked_recbole_is_not_missed():
    code = (
        "import importlib, sys\n"
        "sys.modules['recbole'] = None\n"
        f"for name in {MODULES!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
