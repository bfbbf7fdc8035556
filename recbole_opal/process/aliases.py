"""Names that RecBole 1.2.1 still writes and that numpy and scipy took away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["borrowing_aliases", "return_aliases", "set_numpy_aliases", "set_scipy_names"]

# Names that numpy 1.24 and 2.0 took away; numpy 2 brought back `bool` and `long`.
_NUMPY_ALIASES = {
    "bool": np.bool_,
    "complex": np.complex128,
    "float": np.float64,
    "int": np.int_,
    "long": np.int_,
    "object": np.object_,
    "str": np.str_,
    "unicode": np.str_,
}
_here = threading.local()  # .borrowing: this thread returns the names at the end of its run
_borrowed: list[tuple[Any, str]] = []  # what was set on what, to be taken away again


@contextmanager
def borrowing_aliases() -> Iterator[None]:
    """Set numpy's names, and let `return_aliases` take away all that the block's thread sets.

    Names set elsewhere stay, as in RecBole, since a `Config` was built by hand.
    """
    before = getattr(_here, "borrowing", False)
    _here.borrowing = True
    set_numpy_aliases()
    try:
        yield
    finally:
        _here.borrowing = before


def return_aliases() -> None:
    """Take away the names that were borrowed and that nobody else has asked for since."""
    while _borrowed:
        owner, name = _borrowed.pop()
        if name in vars(owner):
            delattr(owner, name)


def set_numpy_aliases() -> None:
    """Give numpy back the names that RecBole still writes; only those that are missing.

    RecBole's own version of this fails on numpy 2 (`np.float_` is gone) and overwrites `np.bool`
    and `np.long`.
    """
    for name, scalar_type in _NUMPY_ALIASES.items():
        _set_missing(np, name, scalar_type)


def set_scipy_names() -> None:
    """Give scipy's `dok_matrix` back the method that RecBole's graph models fill it with.

    scipy 1.13 took the private `_update` away, without which LightGCN and others stop with an
    AttributeError (upstream issue 2034).
    """
    from scipy.sparse import dok_matrix

    def update(matrix: Any, values: Any) -> None:
        """Set many entries at once, without a check of each index."""
        matrix._dict.update(values)

    if hasattr(dok_matrix, "_update") and "_update" not in vars(dok_matrix):
        return  # scipy's own, of a base class
    _set_missing(dok_matrix, "_update", update)


def _set_missing(owner: Any, name: str, value: Any) -> None:
    borrowing = getattr(_here, "borrowing", False)
    # The owner's dictionary is asked, since getattr of a removed name of numpy warns or raises.
    if name not in vars(owner):
        setattr(owner, name, value)
        if borrowing:
            _borrowed.append((owner, name))
    elif not borrowing and (owner, name) in _borrowed:
        _borrowed.remove((owner, name))  # set by a run of another thread; now it stays
