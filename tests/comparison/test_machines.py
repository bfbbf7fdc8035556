from recbole_opal.comparison.machines import hardware, package_versions

CPU = {"torch": "2.13.0", "python": "3.11.7", "threads": "1", "device": "x86_64", "platform": "L"}
GPU = CPU | {"torch": "2.12.0", "threads": "8", "device": "A GPU"}


def test_versions_that_differ_between_runs_are_all_told():
    assert package_versions([CPU, CPU]) == {"torch": "2.13.0", "python": "3.11.7"}
    assert package_versions([CPU, GPU])["torch"] == "2.13.0 or 2.12.0"
    assert package_versions([]) == {}


def test_devices_and_threads_of_all_runs_are_told(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert hardware([CPU]).endswith("1 thread a run")
    assert "x86_64" not in hardware([CPU])
    assert hardware([CPU, GPU]).endswith("A GPU, 1 or 8 threads a run")
    assert "cores" in hardware([])
