"""Neural column finders in JAX: models, training, detection, and weights that come with them.

Names are imported when first used: finding columns by peaks needs none of this.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "temwidgets.networks.batches": ("Pair",),
    "temwidgets.networks.evaluation": ("evaluate", "finders"),
    "temwidgets.networks.finding": ("find_candidates", "find_columns"),
    "temwidgets.networks.fine_tuning": ("Progress", "Training", "train"),
    "temwidgets.networks.looking": ("predict_image",),
    "temwidgets.networks.validation": ("score_pairs",),
    "temwidgets.networks.shipped": ("available",),
    "temwidgets.networks.store": ("Network", "build", "load", "save"),
}
_NAMES = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'temwidgets.networks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
