"""The user encoder as a program of torch's, which runs without this library."""

from __future__ import annotations

from io import BytesIO

import torch
from torch.export import Dim, ExportedProgram
from torch.export.graph_signature import InputKind

from recbole_opal.errors import ExportError, OpalError, quoted, reason_of
from recbole_opal.exporting.history_encoder import HistoryEncoder, made_histories, name_of
from recbole_opal.exporting.quiet import quiet
from recbole_opal.models.base import MultiInterestNetwork

__all__ = ["export_program", "program_bytes", "why_not"]

_ROWS, _WIDTH = 3, 5  # of the example that is traced; torch takes 0 and 1 for fixed


def export_program(network: MultiInterestNetwork, longest_history: int) -> ExportedProgram:
    """Trace a network: `HistoryEncoder.forward` for any B and for L up to the longest history.

    Dropout is off, and each weight that serving reads is held once.

    Args:
        network: in the stage and with the weights that are wanted.
        longest_history: `MAX_ITEM_LIST_LENGTH` of its run, >= 1.

    Raises:
        ExportError: a shape in the network depends on values, or an operation cannot be traced.
    """
    width = min(_WIDTH, longest_history)
    example = made_histories(network, _ROWS, width)
    device = network.items.embedding.weight.device
    inputs = tuple(torch.from_numpy(array).to(device) for array in example.values())
    open_sizes = {0: Dim("batch", min=1)}
    if longest_history > 1:
        open_sizes[1] = Dim("length", min=1, max=longest_history)
    encoder, training = HistoryEncoder(network), network.training
    try:
        with quiet(), torch.no_grad():
            shapes = tuple(open_sizes for _ in inputs)
            program = torch.export.export(encoder.eval(), inputs, dynamic_shapes=shapes)
    except OpalError:
        raise
    except Exception as error:  # torch names no family of errors for what it cannot trace
        raise ExportError(
            f"{name_of(network)} cannot be exported: {why_not(error)}; let neither a value nor "
            "len() decide a shape in its encode(), see recbole_opal.interests.padded_history, or "
            "export with --program=False --onnx=False."
        ) from error
    finally:
        network.train(training)
    _forget_origin(program)
    _drop_unused_weights(program)
    return program


def program_bytes(network: MultiInterestNetwork, longest_history: int) -> bytes:
    """Return a `.pt2` file, which `torch.export.load(path).module()` makes a function of.

    It is a zip of JSON (the operations, by names of torch's) and raw tensors. There is no class of
    ours in it and no pickle; this library never loads one.

    Raises:
        ExportError: see `export_program`.
    """
    program, buffer = export_program(network, longest_history), BytesIO()
    program.example_inputs = None  # torch would pickle them
    with quiet():
        torch.export.save(program, buffer)
    return buffer.getvalue()


def why_not(error: Exception) -> str:
    """Return what an exporter says, without the advice that it wraps around what happened."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = [line.strip(" -") for line in str(error).splitlines()]
    told = [line for line in lines if line and "TORCH_LOGS" not in line] or [reason_of(error)]
    return quoted(told[0])


def _forget_origin(program: ExportedProgram) -> None:
    """Drop the lines of code that each operation came from: paths of this machine."""
    for module in program.graph_module.modules():
        for node in getattr(module, "graph", torch.fx.Graph()).nodes:
            node.meta.pop("stack_trace", None)


def _drop_unused_weights(program: ExportedProgram) -> None:
    """Drop the weights that training alone reads, such as a decoder's."""
    signature, weights = program.graph_signature, (InputKind.PARAMETER, InputKind.BUFFER)
    places = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    kept = []
    for spec in signature.input_specs:
        node = places[spec.arg.name]
        if spec.kind in weights and not node.users:
            program.graph.erase_node(node)
            program.state_dict.pop(spec.target, None)
        else:
            kept.append(spec)
    signature.input_specs[:] = kept
    program.graph_module.recompile()
