"""Read any microscope file into a calibrated image; save, reopen and exchange results.

dm3, dm4, emd (Berkeley), ser, emi, mrc, hspy and prz files are read through rosettasciio, the
optional extra ``files``; tif, emd (Velox), png, jpg, npy and netCDF need nothing further.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from temwidgets._files import store
from temwidgets._files.csv_table import write_csv
from temwidgets._files.exchange import read_columns, to_ase
from temwidgets._files.found import choose_default
from temwidgets._files.image import to_image
from temwidgets._files.lazy import LAZY
from temwidgets._files.look import SUFFIXES, choose, existing, look, reason, unreadable
from temwidgets._files.xyz import write_xyz
from temwidgets.conventions import check_columns

__all__ = [
    "LAZY",
    "SUFFIXES",
    "DatasetInfo",
    "datasets",
    "open_result",
    "read",
    "read_columns",
    "save",
    "to_ase",
]

_RESULTS = (".nc", ".csv", ".xyz")


class DatasetInfo(NamedTuple):
    """One dataset of a file."""

    name: str
    shape: tuple[int, ...]
    kind: str
    sampling: tuple[float, float] | None
    default: bool


def read(
    path: str | os.PathLike[str],
    *,
    dataset: str | int | None = None,
    sampling: float | tuple[float, float] | None = None,
    lazy: bool = False,
) -> xr.DataArray:
    """Read an image from a microscope file, a picture or an array file.

    Parameters
    ----------
    path : path-like
        A file of one of the kinds in `SUFFIXES`.
    dataset : str or int, optional
        Which dataset of the file, by its name or number in `datasets(path)`. Not given: the largest
        image, the first of those of equal size.
    sampling : float or (float, float), optional
        Length of a pixel in nm, one number or (y, x); it replaces the calibration of the file.
    lazy : bool
        Do not load the pixels: the image holds a dask array that reads a frame when it is used, for
        stacks larger than memory (`temwidgets.each_frame`). Pixels are not searched for NaN then.
        Kinds of files: those in `LAZY`. Needs the extra ``cluster``.

    Returns
    -------
    DataArray
        Dims (y, x) or (frame, y, x), pixels as the file holds them, coordinates in nm (px when
        neither the file nor `sampling` calibrates it). Attributes: ``source``, ``pixel_size``
        (y, x), and what the file tells of ``detector``, ``microscope``, ``beam_energy``,
        ``magnification``, ``dwell_time``, ...; all its metadata is the JSON text ``metadata``.
        ``encoding["source"]`` is the whole path.

    Raises
    ------
    ValueError
        If the file is damaged, holds no image, `dataset` is not an image in it, or its kind cannot
        be opened lazily.
    OSError
        If there is no such file, or it may not be read.
    ImportError
        If the kind of file needs the extra ``files``, or `lazy` the extra ``cluster``, and that is
        not installed.

    Warns
    -----
    UserWarning
        If the image is not calibrated, holds NaN, or has a few coloured pixels.
    """
    file = existing(path)
    found = look(file, lazy=lazy)
    chosen = found[choose(found, dataset, file)]
    image, notes = to_image(chosen, file, sampling)
    if len(found) > 1:
        image.attrs["dataset"] = chosen.name
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    return image


def datasets(path: str | os.PathLike[str]) -> tuple[DatasetInfo, ...]:
    """List what is inside a file.

    Parameters
    ----------
    path : path-like
        A file of one of the kinds in `SUFFIXES`.

    Returns
    -------
    tuple of DatasetInfo
        Name, shape, kind ("image" and "image series" can be read), sampling in nm (y, x) or None
        when not calibrated, and whether `read` takes it by default.

    Raises
    ------
    ValueError, OSError, ImportError
        As for `read`.
    """
    found = look(existing(path))
    default = choose_default(found)
    return tuple(
        DatasetInfo(item.name, item.values.shape, item.kind, item.sampling, number == default)
        for number, item in enumerate(found)
    )


def save(
    path: str | os.PathLike[str], obj: store.Result, *, lattice: xr.Dataset | None = None
) -> Path:
    """Save a result as netCDF-4, losing nothing, or columns as a CSV table or extended XYZ.

    Parameters
    ----------
    path : path-like
        The file to write; its ending decides. A file of that name is replaced once all is written.

        - ".nc": anything, to be reopened with `open_result` as it was.
        - ".csv": columns, one a line, y downwards in nm (px when not calibrated) as everywhere. The
          first line names each quantity with its unit in brackets, "sigma_major (nm)"; without
          brackets it has none. NaN is an empty field. `column` is the label; named sublattices add
          `sublattice_name` and `element`; vectors become displacement_y and displacement_x.
        - ".xyz": columns as atoms, in angstrom, z = 0. XYZ has y upwards, so y, vectors along y,
          `theta` and other angles turn their sign, and the picture is not mirrored. Lengths, areas
          and integrated intensities are in angstrom too; ``units`` in the second line tells every
          unit. Elements are those of the sublattices (`name_sublattices`), X where not known.
    obj : DataArray, Dataset or DataTree
        An image, columns, or a tree of results such as a workspace; for CSV and XYZ columns.
    lattice : Dataset, optional
        For XYZ: its vectors become the cell, 10 angstrom thick, its origin the cell's corner.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    TypeError
        If `obj` is none of these.
    ValueError
        If the name ends otherwise, `obj` holds what a file cannot, or columns for XYZ are in px.
    OSError
        If the folder does not exist or may not be written to.
    """
    if not isinstance(obj, xr.DataArray | xr.Dataset | xr.DataTree):
        raise TypeError(
            f"An image (DataArray), columns (Dataset) or a DataTree can be saved, but a"
            f" {type(obj).__name__} came."
        )
    file = Path(path).expanduser()
    write = _writer(file, obj, lattice)
    if not file.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {file.parent}. Make it first.")
    part = file.with_name(f".{file.name}.part")
    try:
        write(part)
        os.replace(part, file)
    except OSError as error:
        raise type(error)(f"{file} cannot be written: {error.strerror or error}.") from None
    except Exception as error:
        raise ValueError(f"This cannot be saved in {file.name}: {reason(error)}.") from None
    finally:
        part.unlink(missing_ok=True)
    return file


def _writer(file: Path, obj: Any, lattice: xr.Dataset | None) -> Callable[[Path], None]:
    suffix = file.suffix.lower()
    if suffix not in _RESULTS:
        raise ValueError(
            f"Results are netCDF files, so name it {file.stem}.nc, not {file.name}. Columns can be"
            " .csv or .xyz too."
        )
    if lattice is not None and suffix != ".xyz":
        raise ValueError(f"lattice is for .xyz files only. Leave it out for {file.name}.")
    if suffix == ".nc":
        return lambda part: store.write(part, obj)
    check_columns(obj)
    if suffix == ".csv":
        return lambda part: write_csv(part, obj)
    return lambda part: write_xyz(part, obj, lattice)


def open_result(path: str | os.PathLike[str]) -> store.Result:
    """Reopen what `save` wrote: the same DataArray, Dataset or DataTree, in memory.

    Parameters
    ----------
    path : path-like
        A netCDF-4 file; CSV and XYZ are read by `read_columns`.

    Returns
    -------
    DataArray, Dataset or DataTree

    Raises
    ------
    ValueError
        If it is not a netCDF-4 file, or it is damaged.
    OSError
        If there is no such file, or it may not be read.
    """
    file = existing(path)
    try:
        return store.load(file)
    except Exception as error:
        raise unreadable(file, "a saved result (netCDF-4)", error) from None
