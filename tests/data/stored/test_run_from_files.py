"""A whole run from files is the run from memory, and goes on where it was stopped."""

import json

import recbole_opal


def figures(result):
    """Return the metrics of all stages, without what needs who met an item in training."""
    stages = json.loads((result.folder / "metrics.json").read_text())["stages"]
    return {
        (stage, part, name): value
        for stage, found in stages.items()
        for part in ("valid", "test")
        for name, value in found[part].items()
        if not name.startswith("intra_list_similarity")
    }


def test_weights_and_metrics_are_the_same(quick_settings, tmp_path):
    memory = recbole_opal.run("OPAL", "tiny", **quick_settings)
    files = recbole_opal.run("OPAL", "tiny", **quick_settings, histories_folder="h")
    assert (tmp_path / "h" / "tiny" / "histories.json").is_file()
    assert figures(files) == figures(memory)
    for name in ("weights-soft.safetensors", "weights-hard.safetensors", "ids.json"):
        assert (files.folder / name).read_bytes() == (memory.folder / name).read_bytes()
    (tmp_path / "h").rename(tmp_path / "moved")  # what is missing is built again
    on = recbole_opal.resume(files.folder, histories_folder=str(tmp_path / "moved"))
    assert figures(on) == figures(memory)
    assert not (tmp_path / "h").exists()
