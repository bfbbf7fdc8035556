"""The metric of docs/measuring.md, taken from it, gives what its formula says."""

import numpy as np

import recbole_opal
from tests.documents.blocks import read_pages

(CODE,) = (b.text for b in read_pages()["docs/measuring.md"] if b.title == "my_metrics.py")


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
