"""Arrays and pictures without a calibration: npy, png, jpg."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from temwidgets._files.found import CHANNEL, Axis, Found, plain_axes


def read_npy(path: Path) -> list[Found]:
    """Read a NumPy array; pickled objects are refused."""
    values = np.load(path, allow_pickle=False)
    return [Found(path.stem, values, plain_axes(values.ndim))]


def read_picture(path: Path) -> list[Found]:
    """Read a PNG or JPEG picture."""
    from skimage.io import imread  # slow to import

    values = np.asarray(imread(path))
    names = ("y", "x", CHANNEL) if values.ndim == 3 else ("",) * values.ndim
    return [Found(path.stem, values, tuple(map(Axis, names)))]
