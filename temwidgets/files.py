"""Read any microscope file into a calibrated image; save, reopen and exchange results.

dm3, dm4, emd (Berkeley), ser, emi, mrc, hspy and prz files are read through rosettasciio, the
optional extra ``files``; tif, emd (Velox), png, jpg, npy and netCDF need nothing further.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from temwidgets._files import store
from temwidgets._files.ase_atoms import as_ase
from temwidgets._files.atoms import atoms_of_columns, atoms_of_lattice
from temwidgets._files.csv_table import read_table, write_csv
from temwidgets._files.found import choose_default
from temwidgets._files.image import to_image
from temwidgets._files.look import SUFFIXES, choose, existing, look, reason, unreadable
from temwidgets._files.positions import Wanted, columns_of_table
from temwidgets._files.xyz import read_xyz, write_xyz
from temwidgets.conventions import check_columns

if TYPE_CHECKING:
    import ase

__all__ = [
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
        If the file is damaged, holds no image, or `dataset` is not an image in it.
    OSError
        If there is no such file, or it may not be read.
    ImportError
        If the kind of file needs the extra ``files`` and that is not installed.

    Warns
    -----
    UserWarning
        If the image is not calibrated, holds NaN, or has a few coloured pixels.
    """
    file = existing(path)
    found = look(file)
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


def read_columns(
    path: str | os.PathLike[str],
    *,
    y: str | int | None = None,
    x: str | int | None = None,
    units: str | None = None,
    image: xr.DataArray | None = None,
    sampling: float | tuple[float, float] | None = None,
    origin: tuple[float, float] | None = None,
    first_pixel: float = 0.0,
) -> xr.Dataset:
    """Read columns from what `save` wrote, or positions from the tables of other programs.

    Parameters
    ----------
    path : path-like
        ".nc", ".xyz", or a table of numbers (".csv", ".txt", ".tsv", ...) with commas, semicolons,
        tabs or blanks between, with a header or without. All options are for tables.
    y, x : str or int, optional
        Names (or numbers from 0, without a header) of the positions; what is called y or Y, y0,
        y_pos, ... when not given. y points downwards.
    units : str, optional
        Unit of the positions, "px" or a length such as "nm"; else from the header, "y (nm)".
    image : DataArray, optional
        For positions in px: the image in which they were found; they get its coordinates.
    sampling : float or (float, float), optional
        For positions in px, instead of an image: nm in a pixel, one number or (y, x).
    origin : (float, float), optional
        What to add to y and x, in nm (px without `sampling`).
    first_pixel : float
        For positions in px: the number that the file gives to the centre of the first pixel. 0 in
        Python, 0.5 in ImageJ and wherever 0 is the corner of that pixel, 1 in MATLAB.

    Returns
    -------
    Dataset, (column,)
        y and x in nm, or in px when nothing calibrates them, and every other number of the file;
        lengths in other units become nm. Texts are left out but for `sublattice_name` and
        `element`, which make sublattices when there is no number `sublattice`. Standard errors,
        vectors and flags of `save` are recognised; attributes of the Dataset only ".nc" keeps.

    Raises
    ------
    ValueError
        If positions or their unit cannot be told, an option does not fit, or the file is damaged.
    OSError
        If there is no such file, or it may not be read.
    """
    file = existing(path)
    if image is not None and (sampling is not None or origin is not None):
        raise ValueError("Give image, or sampling and origin, not both: the image has its own.")
    wanted = Wanted(y, x, units, image, sampling, origin, first_pixel)
    suffix = file.suffix.lower()
    if suffix in (".nc", ".xyz") and wanted != Wanted():
        raise ValueError(
            f"{file.name} says itself where its columns are. Give the path alone; options are for"
            " tables such as .csv."
        )
    if suffix == ".nc":
        return check_columns(open_result(file))
    columns = read_xyz(file) if suffix == ".xyz" else None
    if columns is None:
        columns = columns_of_table(read_table(file), file.name, wanted)
    return columns.assign_attrs(source=file.name)


def to_ase(columns: xr.Dataset | None = None, *, lattice: xr.Dataset | None = None) -> ase.Atoms:
    """Make ASE atoms of columns, or of the motif of a lattice.

    Parameters
    ----------
    columns : Dataset, (column,), optional
        In nm. Columns without a finite position are left out.
    lattice : Dataset, optional
        In nm. With columns its vectors become the cell; alone it is made into one unit cell.

    Returns
    -------
    ase.Atoms
        Positions in angstrom, z = 0, y upwards: the picture is not mirrored, but y, vectors along y
        and angles have the opposite sign. ``arrays`` hold `label` and all that was measured,
        ``info["units"]`` the units; elements are those of the sublattices, X where not known. The
        cell is 10 angstrom thick; ``info["Origin"]`` is its corner. Periodic (along a and b) is a
        unit cell alone.

    Raises
    ------
    ImportError
        If ASE, the optional extra ``ase``, is not installed.
    ValueError
        If neither came, or they are in px.
    """
    if columns is not None:
        found = atoms_of_columns(check_columns(columns), lattice)
    elif lattice is not None:
        found = atoms_of_lattice(lattice)
    else:
        raise ValueError("Give columns, a lattice, or both.")
    return as_ase(found, periodic=columns is None)
