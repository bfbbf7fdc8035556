"""A run that was continued after the table was made is told, and not mixed into the page."""

import shutil

import yaml

from recbole_opal.report.write import write_report
from recbole_opal.runs import RunFolder

WORDS = "has been continued with other settings since the table was made"


def test_a_run_that_became_another_one_is_left_out(comparison_folder, tmp_path, monkeypatch):
    root = tmp_path / "copy"
    shutil.copytree(comparison_folder.parents[1], root)
    monkeypatch.chdir(root)
    folder = root / "saved" / comparison_folder.name
    runs = [RunFolder.open(path.parent) for path in sorted(root.rglob("origin.json"))]
    assert len(runs) == 4
    origins = [run.load_json("origin.json") for run in runs]
    planned = {f"run {n}": origin["settings"] for n, origin in enumerate(origins)}
    (folder / "plan.yaml").write_text(yaml.safe_dump({"runs": planned}))
    assert WORDS not in write_report(folder).read_text()
    runs[0].save_json("origin.json", origins[0] | {"settings": "0" * 64})
    page = write_report(folder).read_text()
    assert page.count(WORDS) == 1
    assert runs[0].path.name in page
    assert runs[1].path.name not in page
    (folder / "plan.yaml").write_text("[")  # it says nothing then
    assert WORDS not in write_report(folder).read_text()
