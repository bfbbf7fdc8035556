"""README's model, taken from it and run from a folder outside the checkout."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from recbole_opal.own_models import class_at
from recbole_opal.settings.fields import typed
from recbole_opal.testing import ModelContract

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
(CODE,) = (text for kind, text in BLOCKS if kind == "python" and "class LongAndShort(" in text)
(COMMANDS,) = (text for kind, text in BLOCKS if kind == "bash" and "my_model.py:" in text)


def test_the_commands_of_readme_run_it(tmp_path, quick_settings):
    (tmp_path / "my_model.py").write_text(CODE)
    bounds = {k: v for k, v in quick_settings.items() if k != "num_interests"} | {"epochs": 1}
    flags = [f"--{name}={typed(value)}" for name, value in bounds.items()]
    for line in COMMANDS.splitlines():
        line = line.replace("ml-100k", "tiny").replace("--tune=8", "--tune=1").replace("1,2,3", "1")
        words = [sys.executable, str(ROOT / "run_opal.py"), *line.split()[2:], *flags]
        output = subprocess.run(
            words,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert output.returncode == 0, output.stderr
        assert "LongAndShort" in output.stdout + output.stderr
    assert len(COMMANDS.splitlines()) == 2


def _written(folder: Path) -> type:
    path = folder / "my_model.py"
    path.write_text(CODE)
    return class_at(f"{path}:LongAndShort")


class TestLongAndShort(ModelContract):
    """The contract on README's model."""

    model = _written(Path(tempfile.mkdtemp()))
    interests = 2
