"""All random generators of the process, set to one seed."""

from __future__ import annotations

import random

import numpy as np
import torch

__all__ = ["seed_everything"]


def seed_everything(seed: int, *, reproducibility: bool) -> None:
    """Seed Python, numpy and torch on all devices; reproducible cuDNN is not the fastest."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 the global one is what RecBole draws from
    torch.manual_seed(seed)  # of the GPUs too
    torch.backends.cudnn.benchmark = not reproducibility
    torch.backends.cudnn.deterministic = reproducibility
