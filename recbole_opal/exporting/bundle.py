"""A bundle: all that it takes to serve a trained model, in one verified folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from recbole_opal.batches import Histories
from recbole_opal.errors import SettingsError
from recbole_opal.exporting.destination import check_destination
from recbole_opal.exporting.item_files import npy_bytes, parquet_bytes, require_parquet
from recbole_opal.exporting.kept_files import copy_of_run, public_settings, recorded_sources
from recbole_opal.exporting.measured import measured
from recbole_opal.exporting.model_card import CardFacts, model_card
from recbole_opal.exporting.onnx_files import onnx_bytes
from recbole_opal.exporting.parity import check_parity
from recbole_opal.exporting.programs import program_bytes
from recbole_opal.retrieval import make_retriever
from recbole_opal.retrieval.stored_index import save_index
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.serving.bundle_format import BUNDLE_FORMAT, BUNDLE_NAME
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.version import __version__

__all__ = ["Export", "write_bundle"]

_QUERY = Path(__file__).with_name("bundled") / "query.py"
_MEANINGS = {
    "config.yaml": "settings of the run, without those of its machine",
    "ids.json": "raw id of each item number; 0 is padding; no ids of users",
    "item_counts.npz": "training interactions of each item number",
    "item_categories.npz": "(item number, category) pairs",
    "metrics.json": "what the stage reached, and the run's counts and versions",
    "origin.json": "digests of the settings and of the data, versions, machine",
    "items.npy": "item vectors, float32: row r is item number r + 1",
    "items.parquet": "the same with raw ids: `id`, `vector`",
    "index.faiss": "Faiss index over them: row r is item number r + 1",
    "index.json": "the index's kind and settings",
    "encoder.pt2": "(batch, length) item numbers, 0 behind the last of a row, to (batch, K, width) "
    "query vectors; by `torch.export`",
    "encoder.onnx": "the same as ONNX; its metadata tell the inputs",
    "query.py": "recommends with numpy, faiss and onnxruntime alone",
    "README.md": "this card",
    BUNDLE_NAME: "what this folder is, for programs",
    "manifest.json": "SHA-256 of each file",
}


@dataclass(frozen=True)
class Export:
    """What goes into a bundle.

    Attributes:
        stage: `best` on validation, or a stage by name.
        retrieval: the kind of the index, as `make_retriever` names it; of `torch`, which searches
            the item vectors themselves, there is no `index.faiss`.
        retrieval_settings: of the index.
        index: whether there is one.
        program: whether there is `encoder.pt2`.
        onnx: whether there is `encoder.onnx`; `query.py` needs it and `index.faiss`.
        parquet: whether there is `items.parquet`.
        categories: whether the items' categories go along.
        licence: of the model, for the card; None: not stated.
        data_licence: of the data; None: what is known by the data set's name.
    """

    stage: str = "best"
    retrieval: str = "faiss"
    retrieval_settings: Mapping[str, Any] = field(default_factory=dict)
    index: bool = True
    program: bool = True
    onnx: bool = True
    parquet: bool = True
    categories: bool = True
    licence: str | None = None
    data_licence: str | None = None


def write_bundle(
    run: str | Path, out: str | Path, export: Export | None = None, *, replace: bool = False
) -> Path:
    """Write a bundle of a finished run, whole or not at all, and return its folder.

    Args:
        run: its folder.
        out: of the bundle; its parent is made where there is none.
        export: what goes into it; None: everything.
        replace: a bundle that is there goes; else it is refused.

    Raises:
        OpalError: the run is damaged or unfinished, `out` is taken, an extra is missing, or the
            model has no ONNX form. Nothing has been written.
    """
    export, target = export or Export(), Path(out)
    replaced = check_destination(target, replace=replace)
    if export.parquet:
        require_parquet()
    trained = TrainedModel.read(run, export.stage)
    files = _encoders(trained, export)
    try:
        with RunFolder.growing(target, replace=replaced) as folder:
            copy_of_run(
                folder, RunReader.open(trained.folder), trained.stage, categories=export.categories
            )
            for name, data in files.items():
                folder.write(name, data)
            _write_items(folder, trained, export)
            _describe(folder, trained, export)
    except FileExistsError as error:
        raise SettingsError(
            f"another export makes --out={target} at this moment; wait for it, or choose another "
            "name."
        ) from error
    return target


def _encoders(trained: TrainedModel, export: Export) -> dict[str, bytes]:
    """Return the encoder's files, made first: not every model has each form."""
    network, longest = trained.network, int(trained.settings["MAX_ITEM_LIST_LENGTH"])
    files: dict[str, bytes] = {}
    if export.onnx:
        files["encoder.onnx"] = onnx_bytes(network, longest)
        check_parity(network, files["encoder.onnx"])
    if export.program:
        files["encoder.pt2"] = program_bytes(network, longest)
    return files


def _write_items(folder: RunFolder, trained: TrainedModel, export: Export) -> None:
    with torch.no_grad():
        table = trained.network.item_table()
    vectors = table[1:].float().numpy()
    folder.write("items.npy", npy_bytes(vectors))
    if export.parquet:
        folder.write("items.parquet", parquet_bytes(trained.items[1:], vectors))
    if export.index:
        retriever = make_retriever(export.retrieval, table, settings=export.retrieval_settings)
        save_index(folder, retriever)
    with folder.update() as draft:
        if {"encoder.onnx", "index.faiss"} <= draft.keys():
            folder.write("query.py", _QUERY.read_bytes())


def _describe(folder: RunFolder, trained: TrainedModel, export: Export) -> None:
    """Write `bundle.json` and the card; all other files are there."""
    run, settings = RunReader.open(trained.folder), public_settings(dict(trained.settings))
    with folder.update() as draft:
        written = {*draft, BUNDLE_NAME, "README.md", "manifest.json"}
    about = _about(trained, export, recorded_sources(run))
    weights = {f"weights-{trained.stage}.safetensors": "weights of the stage"}
    about["files"] = {name: told for name, told in (_MEANINGS | weights).items() if name in written}
    folder.save_json(BUNDLE_NAME, about)
    per_user = f"per_user-{trained.stage}-test.npz"
    facts = CardFacts(
        about,
        type(trained.network),
        settings,
        run.load_json("metrics.json"),
        measured(run, trained.stage),
        len(run.load_arrays(per_user)["user_id"]) if per_user in run.names else 0,
        _examples(trained),
        export.licence,
        export.data_licence,
    )
    folder.write("README.md", model_card(facts).encode("utf-8"))


def _about(trained: TrainedModel, export: Export, sources: Mapping[str, str]) -> dict[str, Any]:
    network, settings = trained.network, trained.settings
    one = torch.ones(1, dtype=torch.int64)
    with torch.no_grad():
        queries = network.interests(Histories(one, one, one.double()))
    return {
        "format": BUNDLE_FORMAT,
        "model": settings["model"],
        "own_model": dict(sources),
        "stage": trained.stage,
        "dataset": settings["dataset"],
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "recbole_opal": __version__,
        "interests": queries.shape[1],
        "width": queries.shape[2],
        "items": len(trained.items) - 1,
        "longest_history": settings["MAX_ITEM_LIST_LENGTH"],
        "item_field": settings["ITEM_ID_FIELD"],
        "similarity": settings.get("similarity"),
        "compare": "inner product",
        "reads_times": network.needs_times,
        "retrieval": export.retrieval if export.index else None,
    }


def _examples(trained: TrainedModel) -> list[str]:
    """Return the raw ids of the three items most met in training."""
    ranked = sorted(range(1, len(trained.items)), key=lambda item: -trained.counts[item])
    return [trained.items[item] for item in ranked[:3]]
