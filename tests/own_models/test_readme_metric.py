"""README's metric, taken from it and measured from a folder outside the checkout."""

import re
from pathlib import Path

import numpy as np

import recbole_opal

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(CODE,) = (text for text in BLOCKS if "class Novelty(" in text)


def test_a_run_measures_it(tmp_path, quick_settings):
    (tmp_path / "my_metrics.py").write_text(CODE)
    chosen = {"metrics": ["Recall", "my_metrics.py:Novelty"], "epochs": 1}
    result = recbole_opal.run("OPAL", "tiny", **quick_settings | chosen)
    values = np.load(result.folder / "per_user-soft-test.npz")["novelty@10"]
    counts = np.load(result.folder / "item_counts.npz")["counts"]
    lists = np.load(result.folder / "lists-soft-test.npz")["items"][:, :10]
    rarity = -np.log2(np.maximum(counts / counts.sum(), 1e-12))
    assert np.allclose(values, rarity[lists].mean(axis=1))
    assert np.isclose(result.stages["soft"]["test"]["novelty@10"], values.mean(), atol=1e-6)
