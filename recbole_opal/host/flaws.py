"""What RecBole's modules do to the process that imports or runs them, undone."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_autograd", "quiet_deprecations"]


def quiet_autograd() -> None:
    """Switch autograd's anomaly mode off.

    RecBole's `sine.py` switches it on for the whole process when any sequential model is imported,
    which makes training 1.9 to 3 times slower.
    """
    import torch  # here, not above: a mistyped flag is refused without waiting for torch

    torch.autograd.set_detect_anomaly(False)


@contextmanager
def quiet_deprecations() -> Iterator[None]:
    """Hide, while the block runs, the warnings of pandas and torch that RecBole provokes.

    They speak of RecBole's own lines (chained `fillna`, `amp.GradScaler`, `torch.sparse`);
    whoever runs a model can do nothing about them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"recbole\.")
        for start in ("torch.sparse.SparseTensor", "Creating a tensor from a list of numpy"):
            warnings.filterwarnings("ignore", start, category=UserWarning, module=r"recbole\.")
        yield
