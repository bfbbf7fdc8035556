"""Runs told to MLflow or Weights & Biases, where `--tracking` asks for it; else nothing of them.

Curves are told epoch by epoch, the results and files at the end, by `Tracked`, which never lets a
tracker that stops answering take a run down.
"""

from recbole_opal.tracking.open import TRACKERS, require_tracker
from recbole_opal.tracking.tracked import Tracked, Untracked, tracked

__all__ = ["TRACKERS", "Tracked", "Untracked", "require_tracker", "tracked"]
