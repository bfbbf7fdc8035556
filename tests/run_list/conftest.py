"""A folder `saved` with two real runs of one protocol, copied for each test that changes it."""

import shutil

import pytest

import recbole_opal
from recbole_opal.run_list.runs_command import main


@pytest.fixture(scope="session")
def two_runs(data_path, tmp_path_factory):
    """Return a folder that holds `saved` with an OPAL of 3 interests and one of 2."""
    root = tmp_path_factory.mktemp("two")
    settings = {
        "data_path": str(data_path), "checkpoint_dir": "saved", "epochs": 1, "hidden_size": 8,
        "num_negatives": 20, "MAX_ITEM_LIST_LENGTH": 10, "topk": [5, 10], "stages": "soft",
        "valid_metric": "Recall@10", "tensorboard": False, "show_progress": False,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for interests in (3, 2):
            recbole_opal.run("OPAL", "tiny", num_interests=interests, **settings)
    return root


@pytest.fixture
def saved(two_runs, tmp_path, monkeypatch):
    """Return a copy of `saved` that stands in the working folder."""
    shutil.copytree(two_runs / "saved", tmp_path / "saved")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)  # of the terminal that the tests run in
    return tmp_path / "saved"


@pytest.fixture
def names(saved):
    """Return the names of the two runs, the one of 3 interests first."""
    found = sorted(path.name for path in saved.iterdir())
    three = [
        name for name in found if "num_interests: 3" in (saved / name / "config.yaml").read_text()
    ]
    return [*three, *(name for name in found if name not in three)]


@pytest.fixture
def runs(capsys):
    """Return a function that runs the command and returns code, output and error."""

    def run(*argv):
        code = main([str(word) for word in argv])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refused(runs):
    """Return a function that runs the command, which must fail with one line."""

    def run(*argv):
        code, out, err = runs(*argv)
        assert code == 2
        assert out == ""
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        return err

    return run
