"""Columns: how they are made and checked, and the frame they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions.grid import CALIBRATED, finite_numbers, quantity


def check_columns(columns: Any, *, needs: Iterable[str] = ("y", "x")) -> xr.Dataset:
    """Check that `columns` is a Dataset over ``column`` that holds the variables `needs`.

    Raises
    ------
    TypeError
        If `columns` is not a Dataset.
    ValueError
        If the dim or a needed variable is missing, or labels repeat.
    """
    if not isinstance(columns, xr.Dataset):
        raise TypeError(
            f"Columns are an xarray Dataset over 'column', but a {type(columns).__name__} came."
            " Make one with temwidgets.find_columns(image) or temwidgets.make_columns(y, x)."
        )
    if "column" not in columns.dims or "column" not in columns.coords:
        raise ValueError(
            f"Columns have a labelled dim 'column', but the Dataset has dims {tuple(columns.dims)}."
        )
    missing = [name for name in needs if name not in columns]
    if missing:
        raise ValueError(
            f"The columns have no {', '.join(missing)}; they hold {', '.join(map(str, columns))}."
            + (" Fit them first with temwidgets.fit_columns." if set(missing) - {"y", "x"} else "")
        )
    if not columns.indexes["column"].is_unique:
        raise ValueError("Column labels repeat; each column needs a label of its own.")
    return columns


def make_columns(
    y: Any,
    x: Any,
    *,
    units: str = CALIBRATED,
    labels: Any = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Make a columns Dataset from positions.

    Parameters
    ----------
    y, x : array_like, (column,)
        Positions in `units`.
    units : {"nm", "px"}
        Length unit, that of the image they belong to.
    labels : array_like of int, optional
        Labels that stay with the columns for life; 0, 1, 2, ... when not given.
    attrs : mapping, optional
        Attributes of the Dataset.

    Returns
    -------
    Dataset
        Dim column; variables y and x; ``attrs["next_label"]`` is the label of the next new column.

    Raises
    ------
    ValueError
        If y and x differ in length or are not one-dimensional, or labels are not different whole
        numbers from 0 on, one for each column.
    """
    y, x = np.asarray(y, float), np.asarray(x, float)
    if y.ndim != 1 or y.shape != x.shape:
        raise ValueError(
            f"y and x must be equally long lists, but shapes {y.shape} and {x.shape} came."
        )
    label = np.arange(y.size) if labels is None else _as_labels(labels, y.size)
    next_label = int(label.max()) + 1 if label.size else 0
    return xr.Dataset(
        {
            "y": quantity("column", y, units, "y position"),
            "x": quantity("column", x, units, "x position"),
        },
        coords={"column": quantity("column", label, "1", "column label")},
        attrs={"next_label": next_label, **(attrs or {})},
    )


def _as_labels(labels: Any, size: int) -> np.ndarray:
    values = finite_numbers(labels)
    whole = values is not None and values.shape == (size,) and (values % 1 == 0).all()
    if values is None or not whole or (values < 0).any() or np.unique(values).size != size:
        raise ValueError(
            f"labels must be {size} different whole numbers from 0 on, one for each column, but"
            f" {labels!r} came."
        )
    return np.asarray(labels).astype(np.int64)


def frame_of(data: xr.DataArray | xr.Dataset) -> int | None:
    """Return the number of the frame that an image or columns belong to; None when they have none.

    ``image.isel(frame=2)`` carries it as a scalar coordinate ``frame``, and so do columns found or
    fitted in that image.
    """
    frame = data.coords.get("frame")
    return int(frame) if frame is not None and frame.ndim == 0 else None


def with_frame_of(image: xr.DataArray, columns: xr.Dataset) -> xr.Dataset:
    """Return columns with the coordinate ``frame`` of one frame of a stack, else without."""
    if frame_of(image) is None:
        return columns.drop_vars("frame", errors="ignore")
    return columns.assign_coords(frame=image["frame"])


def check_same_frame(image: xr.DataArray, columns: xr.Dataset) -> None:
    """Refuse fitted columns whose values would be taken for those of another frame.

    Raises
    ------
    ValueError
        If both say which frame of a stack they belong to, and it is not the same.
    """
    ours, theirs = frame_of(image), frame_of(columns)
    if None not in (ours, theirs) and ours != theirs:
        raise ValueError(
            f"The image is frame {ours} but the columns were fitted in frame {theirs}. Take that"
            " frame, or fit all columns in this one with temwidgets.fit_columns(image, columns)."
        )
