"""The user encoder as an ONNX file, and the proof that it computes what the network computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from recbole_opal.batches import Histories
from recbole_opal.errors import ExportError, reason_of
from recbole_opal.exporting.history_encoder import made_histories, name_of
from recbole_opal.exporting.programs import export_program, root_of
from recbole_opal.exporting.quiet import quiet
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.process.program import installation
from recbole_opal.version import __version__

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch.export import ExportedProgram

__all__ = ["TOLERANCE", "check_parity", "onnx_bytes"]

TOLERANCE = 1e-5
"""How far an exported encoder may be from the network, in vectors of length 1."""

_LARGEST = 2**31 - 2**20  # bytes of one ONNX file, less what is not weights
_MEANINGS = {
    "items": "(batch, length) int64: internal ids, oldest first, 0 behind the last item of a row; "
    "length at most longest_history",
    "times": "(batch, length) float64: seconds since 1970, when each item was met",
}
_NEEDED = (
    f"ONNX needs packages that are not installed; {installation('export')}, or export with "
    "--onnx=False."
)


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
    _require_extra()
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


def check_parity(network: MultiInterestNetwork, onnx: bytes) -> float:
    """Return the largest difference of an ONNX encoder, run by onnxruntime, to the network.

    Both are asked with made histories: full, of one item, empty, and of any length between, in
    batches of 1 to 64. Differences are absolute, or of vectors longer than 1 relative to the
    longest.

    Raises:
        ExportError: it is above `TOLERANCE`, or the extra `export` is missing.
    """
    _require_extra()
    session = _session(onnx)
    longest = int(session.get_modelmeta().custom_metadata_map["longest_history"])
    shapes = [(1, 1), (1, longest), (5, longest), (64, max(1, longest // 2))]
    worst = max(_difference(network, session, *shape) for shape in shapes)
    if not worst <= TOLERANCE:
        raise ExportError(
            f"the ONNX form of {name_of(network)} gives other interests than the network, by "
            f"{worst:.1e}, more than {TOLERANCE:.0e}; export with --onnx=False."
        )
    return worst


def _require_extra() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(_NEEDED) from error


def _converted(network: MultiInterestNetwork, program: ExportedProgram) -> ModelProto:
    names = {"input_names": list(made_histories(network, 1, 1)), "output_names": ["interests"]}
    try:
        with quiet(), torch.no_grad():
            made = torch.onnx.export(program, dynamo=True, verbose=False, **names)
        assert made is not None  # no file was asked for
        return made.model_proto
    except Exception as error:  # torch's own are wrapped by several layers of many kinds
        raise ExportError(
            f"{name_of(network)} has no ONNX form: {reason_of(root_of(error))}; use other "
            "operations in its encode(), or export with --onnx=False."
        ) from error


def _describe(model: ModelProto, network: MultiInterestNetwork, longest_history: int) -> None:
    """Put into the file what it is, and take out where it was made."""
    for node in (*model.graph.node, *(each for part in model.functions for each in part.node)):
        node.ClearField("metadata_props")
    model.producer_name, model.producer_version = "recbole_opal", __version__
    interests, width = (
        size.dim_value for size in model.graph.output[0].type.tensor_type.shape.dim[1:]
    )
    told: dict[str, Any] = {
        "model": type(network).__name__.removesuffix("Network"),
        "stage": network.stage,
        "longest_history": longest_history,
        "interests": interests,
        "width": width,
        "num_items": network.items.num_items,
        **{each.name: _MEANINGS[each.name] for each in model.graph.input},
    }
    del model.metadata_props[:]
    for key, value in told.items():
        model.metadata_props.add(key=key, value=str(value))


def _session(onnx: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def _difference(network: MultiInterestNetwork, session: Any, rows: int, width: int) -> float:
    made = made_histories(network, rows, width)
    given = {name: torch.from_numpy(array) for name, array in made.items()}
    device = network.items.embedding.weight.device
    histories = Histories.from_padded(given["items"], given.get("times")).to(device)
    training = network.training
    try:
        with torch.no_grad():
            wanted = network.eval().interests(histories).float().cpu().numpy()
    finally:
        network.train(training)
    (found,) = session.run(None, made)
    longest = np.linalg.norm(wanted, axis=-1).max(initial=1.0)
    return float(np.abs(found - wanted).max() / longest)
