"""The user encoder as an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from recbole_opal.errors import ExportError
from recbole_opal.exporting.history_encoder import made_histories, name_of
from recbole_opal.exporting.programs import export_program, why_not
from recbole_opal.exporting.quiet import quiet
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.process.program import installation
from recbole_opal.version import __version__

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch.export import ExportedProgram

__all__ = ["onnx_bytes", "require_onnx"]

_LARGEST = 2**31 - 2**20  # bytes of one ONNX file, less what is not weights
_MEANINGS = {
    "items": "(batch, length) int64: internal ids, oldest first, 0 behind the last item of a row; "
    "length at most longest_history",
    "times": "(batch, length) float64: seconds since 1970, when each item was met",
}


def onnx_bytes(network: MultiInterestNetwork, longest_history: int) -> bytes:
    """Return an ONNX file of `HistoryEncoder.forward`, whole in itself, batch and length open.

    Its inputs are `items` and, for a model that asks, `times`; its output is `interests`. The
    metadata of the file say the model, the stage and what the inputs mean.

    Args:
        network: in the stage and with the weights that are wanted.
        longest_history: `MAX_ITEM_LIST_LENGTH` of its run, >= 1.

    Raises:
        ExportError: the extra `export` is missing, the network cannot be traced, an operation of
            it has no ONNX form, or the weights are beyond the 2 GB of one file.
    """
    require_onnx()
    program = export_program(network, longest_history)
    size = sum(each.nbytes for each in program.state_dict.values())
    if size > _LARGEST:
        raise ExportError(
            f"the encoder of {name_of(network)} takes {size / 2**30:.1f} GiB, and an ONNX file "
            "holds 2; export with --onnx=False, or train with a smaller hidden_size."
        )
    model = _converted(network, program)
    _describe(model, network, longest_history)
    return bytes(model.SerializeToString(deterministic=True))


def require_onnx() -> None:
    """Refuse an export to ONNX where its packages are missing.

    Raises:
        ExportError: the extra `export` is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(
            f"ONNX needs {error.name}, which is not installed; {installation('export')}, or export "
            "with --onnx=False."
        ) from error


def _converted(network: MultiInterestNetwork, program: ExportedProgram) -> ModelProto:
    try:
        with quiet(), torch.no_grad():
            made = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                input_names=list(made_histories(network, 1, 1)),
                output_names=["interests"],
            )
        model: ModelProto = cast(Any, made).model_proto
        return model
    except Exception as error:  # torch's own are wrapped by several layers of many kinds
        raise ExportError(
            f"{name_of(network)} has no ONNX form: {why_not(error)}; use other operations in its "
            "encode(), or export with --onnx=False."
        ) from error


def _describe(model: ModelProto, network: MultiInterestNetwork, longest_history: int) -> None:
    """Put into the file what it is, and take out the exporter's names of shapes and lines."""
    graph = model.graph
    del graph.value_info[:], model.metadata_props[:]
    nodes = [*graph.node, *(node for part in model.functions for node in part.node)]
    for part in (*nodes, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
    for value in (*graph.input, *graph.output):
        for size, name in zip(value.type.tensor_type.shape.dim, ("batch", "length"), strict=False):
            if size.dim_param:
                size.dim_param = name
    _, interests, width = (each.dim_value for each in graph.output[0].type.tensor_type.shape.dim)
    told: dict[str, Any] = {
        "model": type(network).__name__.removesuffix("Network"),
        "stage": network.stage,
        "longest_history": longest_history,
        "interests": interests,
        "width": width,
        "num_items": network.items.num_items,
        **{each.name: _MEANINGS[each.name] for each in graph.input},
    }
    for key, value in told.items():
        model.metadata_props.add(key=key, value=str(value))
    model.producer_name, model.producer_version = "recbole_opal", __version__
