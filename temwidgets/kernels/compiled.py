"""Keep compiled functions to as many as a process can hold.

Each image size is compiled anew, and takes some thousand of the 65,530 memory maps that Linux lets
a process have. When they are used up the interpreter crashes, so before that all are dropped; what
is needed again comes from the cache on disk.
"""

from __future__ import annotations

import gc
from pathlib import Path

import jax

MOST = 30_000
_MAPS = Path("/proc/self/maps")


def keep_few() -> bool:
    """Drop all compiled functions if there are many; tells whether it did."""
    if memory_maps() <= MOST:
        return False
    jax.clear_caches()
    gc.collect()
    return True


def memory_maps() -> int:
    """Number of memory maps of this process; 0 where the system does not tell."""
    return _MAPS.read_bytes().count(b"\n") if _MAPS.exists() else 0
