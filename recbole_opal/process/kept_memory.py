"""Freed memory that stays with the process, so that the next step need not ask for it again."""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # numbers of glibc's malloc.h
_LARGEST = 32 * 2**20
"""More glibc refuses for the last of them; larger buffers go back to the system as before."""
_KEPT = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed for the next request; tell whether it does from now on.

    By default it hands large buffers back to the system and gets them again in the next step of a
    training, page by page and zeroed, which is up to a fifth of a step's time. What the process
    holds does not shrink below its peak any more. A user's own settings of malloc are left alone,
    as are other allocators and systems.
    """
    if not sys.platform.startswith("linux") or _is_set_by_hand():
        return False
    try:
        library = ctypes.CDLL(None)
        _ = library.gnu_get_libc_version  # others have a mallopt that does nothing
        set_option = library.mallopt
    except (OSError, AttributeError):
        return False
    values = ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, _LARGEST))
    return all([set_option(name, value) == 1 for name, value in values])


def _is_set_by_hand() -> bool:
    """Tell whether the environment says how malloc is to work, or brings another one."""
    own = any(name == "LD_PRELOAD" or name.startswith("MALLOC_") for name in os.environ)
    return own or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
