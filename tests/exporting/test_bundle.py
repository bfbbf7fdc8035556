"""A bundle serves the same lists as its run, alone; it appears whole or not at all."""

import hashlib
import json
import os
import shutil
import sys

import numpy as np
import pytest

import recbole_opal
from recbole_opal.cli import main
from recbole_opal.errors import CheckpointError, OpalError, SettingsError
from recbole_opal.exporting import bundle as bundles
from recbole_opal.exporting.bundle import write_bundle
from recbole_opal.exporting.options import Export
from recbole_opal.runs import RunFolder, RunReader, atomic

HISTORIES = {"ann": ["i1", "i2", "i30"], "bob": ["i13"], "cy": [], "dan": ["i3", "i3"]}
LIGHT = Export(program=False, onnx=False)


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def lists_of(folder, **options):
    return recbole_opal.load(folder, **options).recommend(HISTORIES, k=8)


def texts_of(folder):
    return {name: (folder / name).read_bytes() for name in RunReader.open(folder).names}


def test_it_gives_the_lists_of_its_run_after_run_and_data_are_gone(run_copy, tmp_path):
    expected = lists_of(run_copy)
    made = write_bundle(run_copy, tmp_path / "out" / "bundle", LIGHT)
    shutil.rmtree(run_copy)
    moved = tmp_path / "elsewhere"
    made.rename(moved)
    RunReader.open(moved).verify()
    assert lists_of(moved).equals(expected)


@pytest.mark.parametrize("stage", ["soft", "hard"])
def test_it_holds_one_stage_and_that_is_its_best(trained, tmp_path, stage):
    made = write_bundle(trained, tmp_path / "b", Export(stage=stage, program=False, onnx=False))
    assert RunReader.open(made).stages == [stage]
    assert lists_of(made).equals(lists_of(trained, stage=stage))
    assert json.loads((made / "bundle.json").read_text())["stage"] == stage


def test_what_it_holds(bundle):
    about = json.loads((bundle / "bundle.json").read_text())
    assert (about["format"], about["model"], about["dataset"]) == (1, "OPAL", "tiny")
    # A prior is one more coordinate.
    assert (about["interests"], about["width"], about["longest_history"]) == (3, 9, 10)
    assert sorted(about["files"]) == entries(bundle)
    assert about["compare"] == "inner product"


def test_no_user_and_no_place_of_the_machine_is_in_it(bundle, trained):
    users = set(json.loads((trained / "ids.json").read_text())["user_id"]) - {"[PAD]"}
    place = str(trained.parent.parent)
    for name, data in texts_of(bundle).items():
        assert place.encode() not in data, name
        assert b"u17" not in data or name.endswith((".safetensors", ".npy", ".faiss")), name
    assert users.isdisjoint(json.loads((bundle / "ids.json").read_text())["item_id"])
    settings = RunReader.open(bundle).load_yaml("config.yaml")
    assert settings.keys().isdisjoint({"data_path", "checkpoint_dir", "gpu_id"})


def test_vectors_stand_in_the_order_of_the_ids(bundle):
    from pyarrow import parquet

    vectors = np.load(bundle / "items.npy", mmap_mode="r")
    table = parquet.read_table(bundle / "items.parquet")
    tokens = json.loads((bundle / "ids.json").read_text())["item_id"][1:]
    assert table.column("id").to_pylist() == tokens
    np.testing.assert_array_equal(np.stack(table.column("vector").to_numpy()), vectors)
    whole = recbole_opal.load(bundle).network.item_table()[1:]
    np.testing.assert_array_equal(whole.detach().numpy(), vectors)


def test_fewer_pieces(trained, tmp_path):
    few = Export(index=False, program=False, onnx=False, parquet=False, categories=False)
    made = write_bundle(trained, tmp_path / "b", few)
    assert entries(made) == [
        "README.md",
        "bundle.json",
        "config.yaml",
        "ids.json",
        "item_counts.npz",
        "items.npy",
        "manifest.json",
        "metrics.json",
        "origin.json",
        f"weights-{RunReader.open(made).stages[0]}.safetensors",
    ]
    assert len(lists_of(made))


def test_a_bundle_can_be_exported_again(bundle, tmp_path):
    again = write_bundle(bundle, tmp_path / "again", LIGHT)
    assert lists_of(again).equals(lists_of(bundle))
    assert "Intervals are not stated" in (again / "README.md").read_text()


def test_what_is_there_is_not_overwritten(trained, bundle, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(bundle)
    for name in ("file", "folder", "link", "/", "", ".."):
        with pytest.raises(SettingsError, match=r"no bundle|is a link"):
            write_bundle(trained, tmp_path / name, LIGHT, replace=True)
    with pytest.raises(SettingsError, match="--replace=True"):
        write_bundle(trained, bundle, LIGHT)
    with pytest.raises(SettingsError, match="no bundle"):
        write_bundle(trained, trained, LIGHT, replace=True)
    with pytest.raises(SettingsError, match="would lie in the run"):
        write_bundle(trained, trained / "deep" / "b", LIGHT)
    assert not (trained / "deep").exists()
    assert (tmp_path / "file").read_text() == "mine"


def test_a_bundle_is_replaced_on_request(trained, tmp_path):
    place = write_bundle(trained, tmp_path / "b", Export(stage="soft", program=False, onnx=False))
    write_bundle(trained, place, Export(stage="hard", program=False, onnx=False), replace=True)
    assert RunReader.open(place).stages == ["hard"]
    assert entries(tmp_path) == ["b"]
    (place / "notes.txt").write_text("mine")
    with pytest.raises(SettingsError, match=r"notes\.txt, which is no file of the bundle"):
        write_bundle(trained, place, LIGHT, replace=True)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("files", [0, 1, 5, 12])
def test_a_full_disk_leaves_all_as_it_was(trained, tmp_path, monkeypatch, disk, files, replace):
    place = tmp_path / "b"
    before = {}
    if replace:
        before = texts_of(write_bundle(trained, place, LIGHT))
    monkeypatch.setattr(atomic, "os", disk(files))
    with pytest.raises(CheckpointError, match=r"No space left.*--out") as caught:
        write_bundle(trained, place, LIGHT, replace=replace)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(atomic, "os", os)
    assert entries(tmp_path) == (["b"] if replace else [])
    assert not replace or texts_of(place) == before


@pytest.mark.parametrize("replace", [False, True])
def test_ctrl_c_leaves_all_as_it_was(trained, tmp_path, monkeypatch, replace):
    place = tmp_path / "b"
    if replace:
        write_bundle(trained, place, LIGHT)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(bundles, "model_card", stop)
    with pytest.raises(KeyboardInterrupt):
        write_bundle(trained, place, LIGHT, replace=replace)
    assert entries(tmp_path) == (["b"] if replace else [])


def test_what_a_kill_left_is_taken_up_and_tidied(trained, tmp_path):
    """A kill between the two renames: the former bundle has its hidden name, the new one too."""
    place = write_bundle(trained, tmp_path / "my bundle", LIGHT)
    shutil.copytree(place, tmp_path / ".my bundle.new")
    place.rename(tmp_path / ".my bundle.former")
    with RunFolder.growing(tmp_path / "other") as folder:
        folder.save_json("a.json", 1)
    with pytest.raises(SettingsError, match="--replace=True"):
        write_bundle(trained, place, LIGHT)
    write_bundle(trained, place, LIGHT, replace=True)
    assert entries(tmp_path) == ["my bundle", "other"]


def test_two_exports_to_one_place(trained, tmp_path):
    place = tmp_path / "b"
    with RunFolder.growing(place) as folder:
        folder.save_json("a.json", 1)
        with pytest.raises(SettingsError, match="another export"):
            write_bundle(trained, place, LIGHT)
    assert entries(place) == ["a.json", "manifest.json"]


def test_a_run_that_is_damaged_or_has_no_such_stage(run_copy, tmp_path):
    with pytest.raises(SettingsError, match="stage 'haard'.*did you mean hard"):
        write_bundle(run_copy, tmp_path / "b", Export(stage="haard"))
    weights = run_copy / "weights-hard.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    with pytest.raises(CheckpointError, match=r"weights-hard\.safetensors is damaged"):
        write_bundle(run_copy, tmp_path / "b", Export(stage="hard"))
    (run_copy / "manifest.json").unlink()
    with pytest.raises(CheckpointError, match="is not a run folder"):
        write_bundle(run_copy, tmp_path / "b")
    assert entries(tmp_path) == ["run"]


def test_an_unfinished_run(tmp_path, run_maker, origin):
    run = run_maker(tmp_path / "saved", origin, finished=False)
    with pytest.raises(CheckpointError, match="has not finished"):
        write_bundle(run, tmp_path / "b")


def test_a_flipped_bit_in_a_bundle_is_refused(trained, tmp_path):
    place = write_bundle(trained, tmp_path / "b", LIGHT)
    for name in ("ids.json", "item_counts.npz"):
        data = bytearray((place / name).read_bytes())
        data[len(data) // 2] ^= 1
        (place / name).write_bytes(data)
        with pytest.raises(CheckpointError, match=f"{name} is damaged"):
            recbole_opal.load(place)
        data[len(data) // 2] ^= 1
        (place / name).write_bytes(data)


OWN = """
from recbole_opal import MultiInterestNetwork

class Mean(MultiInterestNetwork):
    def encode(self, history):
        chosen = history.vectors[history.vectors[:, 0] > 0]
        shape = 1 if len(chosen) > 3 else 2
        return history.sum_by_row(shape * history.vectors)[:, None]
"""


def test_a_model_of_the_user_s_own_that_has_no_exported_form(train, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mean.py").write_text(OWN)
    run = train(f"{tmp_path / 'mean.py'}:Mean")
    capsys.readouterr()
    assert main(["export", str(run), "--out=b"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--onnx=False" in told
    assert entries(tmp_path) == ["mean.py"]
    made = write_bundle(run, tmp_path / "b", LIGHT)
    assert lists_of(made).equals(lists_of(run))
    own = json.loads((made / "bundle.json").read_text())["own_model"]
    assert own["address"].endswith("mean.py:Mean")
    assert own["Mean"] == hashlib.sha256(OWN.encode()).hexdigest()
    card = (made / "README.md").read_text()
    assert "# Mean on tiny" in card
    assert "Its paper is not stated." in card


def test_an_extra_that_is_missing_is_told(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SettingsError, match=r"recbole-opal\[parquet\].*--parquet=False"):
        write_bundle(trained, tmp_path / "b", LIGHT)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(OpalError, match=r"recbole-opal\[export\].*--onnx=False"):
        write_bundle(trained, tmp_path / "b", Export(parquet=False))
    assert entries(tmp_path) == []


def test_a_bundle_of_a_newer_version_is_refused(trained, tmp_path):
    place = write_bundle(trained, tmp_path / "b", LIGHT)
    folder = RunFolder.open(place)
    folder.save_json("bundle.json", folder.load_json("bundle.json") | {"format": 2})
    with pytest.raises(CheckpointError, match=r"bundle of format 2, this version reads 1"):
        recbole_opal.load(place)


def test_the_command(trained, tmp_path, capsys):
    flags = ["--program=False", "--onnx=False", "--license=mit", "--retrieval", "faiss"]
    assert main(["export", str(trained), f"--out={tmp_path / 'b'}", *flags]) == 0
    assert capsys.readouterr().out == f"bundle: {tmp_path / 'b'}\n"
    assert "license: mit" in (tmp_path / "b" / "README.md").read_text()
    assert main(["export", "--help"]) == 0
    assert "--retrieval_args" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["RUN"], "needs --out=FOLDER"),
        (["--out=b"], "needs one run folder"),
        (["RUN", "RUN", "--out=b"], "needs one run folder"),
        (["RUN", "--out=b", "--stag=soft"], "did you mean --stage"),
        (["RUN", "--out=b", "--onnx=maybe"], "--onnx=maybe is not valid; write True or False"),
        (["RUN", "--out=b", "--retrieval_args=3"], "write a mapping"),
        (["RUN", "--out=b", "--stage=worst"], "stage 'worst'"),
        (["nowhere", "--out=b"], "is not a run folder"),
        (["RUN", "--out=taken/b"], "taken is a file; choose another place"),
        (["RUN", "--out=b", "--retrieval=hnws"], "did you mean --retrieval=hnsw"),
        (["RUN", "--out=b", "--retrieval=hnsw", "--retrieval_args={'link': 3}"], "link"),
    ],
)
def test_what_is_wrong_is_one_line(trained, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    words = [str(trained) if word == "RUN" else word for word in arguments]
    assert main(["export", *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert message in told
    assert told.count("\n") == 1
    assert entries(tmp_path) == ["taken"]


@pytest.mark.posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may do all")
def test_a_place_that_may_not_be_written(trained, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(SettingsError, match="make the folder writable"):
        write_bundle(trained, tmp_path / "locked" / "b", LIGHT)
