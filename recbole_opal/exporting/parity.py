"""The proof that an ONNX encoder computes what its network computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from recbole_opal.batches import Histories
from recbole_opal.errors import ExportError
from recbole_opal.exporting.history_encoder import made_histories, name_of
from recbole_opal.exporting.onnx_files import require_onnx
from recbole_opal.models.base import MultiInterestNetwork

__all__ = ["TOLERANCE", "check_parity"]

TOLERANCE = 1e-5
"""How far an exported encoder may be from the network, in vectors of length 1."""


def check_parity(network: MultiInterestNetwork, onnx: bytes) -> float:
    """Return the largest difference of an ONNX encoder, run by onnxruntime, to the network.

    Both are asked with made histories: full, of one item, empty, and of any length between, in
    batches of 1 to 64. Differences are absolute, or of vectors longer than 1 relative to the
    longest.

    Raises:
        ExportError: it is above `TOLERANCE`, or the extra `export` is missing.
    """
    require_onnx()
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
