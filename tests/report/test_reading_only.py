"""A report changes nothing of the runs that it tells of."""

from recbole_opal.report.write import write_report


def entries(root):
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in root.rglob("*")}


def test_run_folders_are_only_read(comparison_folder, monkeypatch):
    root = comparison_folder.parents[1]
    monkeypatch.chdir(root)
    runs = [path.parent for path in root.rglob("manifest.json")]
    assert len(runs) > 10
    strange = [runs[0] / "state-99.safetensors", runs[0] / ".metrics.json.0123.tmp"]
    for path in strange:
        path.write_bytes(b"not listed")
    before = entries(root)
    report = write_report(comparison_folder)
    after = entries(root)
    for path in strange:
        path.unlink()
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert changed <= {report, comparison_folder}
