"""A bundle: all that it takes to serve a trained model, in one verified folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from recbole_opal.errors import SettingsError
from recbole_opal.exporting.about import about_bundle
from recbole_opal.exporting.destination import check_destination
from recbole_opal.exporting.item_files import npy_bytes, parquet_bytes, require_parquet
from recbole_opal.exporting.kept_files import copy_of_run, public_settings
from recbole_opal.exporting.measured import measured, measured_users
from recbole_opal.exporting.model_card import CardFacts, model_card
from recbole_opal.exporting.onnx_files import onnx_bytes
from recbole_opal.exporting.options import Export
from recbole_opal.exporting.parity import check_parity
from recbole_opal.exporting.programs import program_bytes
from recbole_opal.retrieval import index_settings, make_retriever
from recbole_opal.retrieval.stored_index import save_index
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.serving.bundle_format import BUNDLE_NAME
from recbole_opal.serving.trained import TrainedModel

__all__ = ["write_bundle"]

_QUERY = Path(__file__).with_name("bundled") / "query.py"


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
    index_settings(export.retrieval, export.retrieval_args)
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
        scoring = trained.network.scoring
        retriever = make_retriever(
            export.retrieval, table, settings=export.retrieval_args, scoring=scoring
        )
        save_index(folder, retriever)
    with folder.update() as draft:
        if {"encoder.onnx", "index.faiss"} <= draft.keys():
            folder.write("query.py", _QUERY.read_bytes())


def _describe(folder: RunFolder, trained: TrainedModel, export: Export) -> None:
    """Write `bundle.json` and the card; all other files are there."""
    run = RunReader.open(trained.folder)
    with folder.update() as draft:
        about = about_bundle(trained, export.retrieval if export.index else None, draft, run)
    folder.save_json(BUNDLE_NAME, about)
    facts = CardFacts(
        about,
        type(trained.network),
        public_settings(dict(trained.settings)),
        run.load_json("metrics.json"),
        measured(run, trained.stage),
        measured_users(run, trained.stage),
        _examples(trained),
        export.license,
        export.data_license,
    )
    folder.write("README.md", model_card(facts).encode("utf-8"))


def _examples(trained: TrainedModel) -> list[str]:
    """Return the raw ids of the three items most met in training."""
    ranked = np.argsort(-trained.counts[1:], kind="stable")[:3] + 1
    return [trained.items[item] for item in ranked]
