"""An index comes back as it was, or is refused: rot, other weights, a newer format."""

import json
import random
from pathlib import Path
from typing import Any

import faiss
import pytest
import torch
from torch import Tensor

from recbole_opal.errors import CheckpointError
from recbole_opal.retrieval import KINDS, make_retriever
from recbole_opal.retrieval.stored_index import INDEX_FILES, load_index, save_index
from recbole_opal.runs import RunReader
from recbole_opal.runs.encoding import encode_json
from recbole_opal.runs.store import VerifiedFolder

SMALL: dict[str, dict[str, Any]] = {
    "ivf-flat": {"nlist": 8, "nprobe": 3},
    "ivf-pq": {"nlist": 8, "nprobe": 3, "subvectors": 2, "bits": 4, "rescore": False},
    "hnsw": {"links": 4},
    "sq8": {"refine": 3},
}


def table(seed: int = 0, count: int = 200) -> Tensor:
    return torch.randn(count, 8, generator=torch.Generator().manual_seed(seed))


def stored(path: Path, kind: str, items: Tensor) -> Any:
    """Saves a search in a new folder and returns it."""
    retriever = make_retriever(kind, items, settings=SMALL.get(kind))
    with VerifiedFolder.making(path, {}) as folder:
        save_index(folder, retriever)
    return retriever


@pytest.mark.parametrize("lengths", ["equal", "different"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_index_gives_the_same_lists(tmp_path: Path, kind: str, lengths: str) -> None:
    items = table()
    if lengths == "equal":
        items = torch.nn.functional.normalize(items, dim=1)
    before = stored(tmp_path / "index", kind, items)
    after = load_index(RunReader.open(tmp_path / "index"), items.clone(), 32)
    assert (after.kind, type(after)) == (kind, type(before))
    assert getattr(after, "settings", None) == getattr(before, "settings", None)
    queries = torch.randn(20, 3, 8)
    exclude = (torch.arange(20).repeat(5), torch.randint(0, 200, (100,)))
    for only in (None, torch.arange(200) % 3 > 0):
        old, new = (index.top_k(queries, 10, exclude, only) for index in (before, after))
        assert torch.equal(old.ids, new.ids)
        assert torch.equal(old.scores, new.scores)
    assert after.bytes_per_item() == before.bytes_per_item()


def test_what_is_written_down(tmp_path: Path) -> None:
    stored(tmp_path / "index", "hnsw", table())
    told = json.loads((tmp_path / "index" / "index.json").read_text())
    assert (told["format"], told["kind"], told["items"], told["width"]) == (1, "hnsw", 200, 8)
    assert told["settings"]["links"] == 4
    assert told["faiss"] == faiss.__version__
    # Whoever reads the file with Faiss alone adds `first_item` to the numbers that it returns.
    index = faiss.read_index(str(tmp_path / "index" / "index.faiss"))
    _, near = index.search(table()[7:8].numpy(), 5)
    assert 7 in near + told["first_item"]


def test_an_exact_search_in_torch_needs_no_index(tmp_path: Path) -> None:
    stored(tmp_path / "index", "hnsw", table())
    folder = VerifiedFolder(tmp_path / "index")
    save_index(folder, make_retriever("torch", table()))
    assert folder.names == ["index.json"]
    assert load_index(folder, table()).kind == "torch"


@pytest.mark.parametrize("kind", ["faiss", *SMALL])
def test_flipped_bits_and_cut_files_are_refused(tmp_path: Path, kind: str) -> None:
    items, drawn = table(), random.Random(kind)  # noqa: S311
    stored(tmp_path / "index", kind, items)
    for name in INDEX_FILES:
        path = tmp_path / "index" / name
        whole = path.read_bytes()
        for _ in range(25):
            damaged, place = bytearray(whole), drawn.randrange(len(whole))
            damaged[place] ^= 1 << drawn.randrange(8)
            path.write_bytes(damaged)
            with pytest.raises(CheckpointError, match=name):
                load_index(RunReader.open(tmp_path / "index"), items)
        for length in (0, 1, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(CheckpointError, match=name):
                load_index(RunReader.open(tmp_path / "index"), items)
        path.unlink()
        with pytest.raises(CheckpointError, match=name):
            load_index(RunReader.open(tmp_path / "index"), items)
        path.write_bytes(whole)
    load_index(RunReader.open(tmp_path / "index"), items)


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_of_other_weights_is_refused(tmp_path: Path, kind: str) -> None:
    stored(tmp_path / "index", kind, table())
    reader, last_bit = RunReader.open(tmp_path / "index"), table()
    last_bit[17, 3] = torch.nextafter(last_bit[17, 3], torch.tensor(9.0))
    for others in (table(1), last_bit, table(count=201), table().double()):
        with pytest.raises(CheckpointError, match=r"other item vectors .* build the index again"):
            load_index(reader, others)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"format": 2}, "this version reads 1; update recbole_opal"),
        ({"format": 0}, "describes no index"),
        ({"kind": "annoy"}, "describes no index"),
        ({"kind": "ivf-flat", "settings": {}}, "it holds"),
        ({"kind": "hnsw", "settings": {"links": 0}}, "links"),
        ({"settings": None, "kind": "sq8"}, "it holds"),
        ({"items": "200"}, "describes no index"),
        ({"more": 1}, "describes no index"),
    ],
)
def test_a_description_that_is_not_ours_is_refused(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    stored(tmp_path / "index", "hnsw", table())
    folder = VerifiedFolder(tmp_path / "index")
    folder.write("index.json", encode_json(folder.load_json("index.json") | changed))
    with pytest.raises(CheckpointError, match=reason):
        load_index(folder, table())


def test_bytes_that_are_no_index_or_another_s_are_refused(tmp_path: Path) -> None:
    stored(tmp_path / "index", "hnsw", table())
    folder = VerifiedFolder(tmp_path / "index")
    smaller = make_retriever("hnsw", table(count=100), settings=SMALL["hnsw"])
    for data in (b"", b"hello", faiss.serialize_index(smaller.index).tobytes()):
        folder.write("index.faiss", data)
        with pytest.raises(CheckpointError, match=r"index\.faiss is no index that Faiss reads"):
            load_index(folder, table())


def test_a_folder_without_an_index_says_so(tmp_path: Path) -> None:
    with VerifiedFolder.making(tmp_path / "empty", {}):
        pass
    with pytest.raises(CheckpointError, match=r"index\.json"):
        load_index(RunReader.open(tmp_path / "empty"), table())
