"""Columns from the files of other programs, and as atoms for ASE."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import xarray as xr

from temwidgets._files import store
from temwidgets._files.ase_atoms import as_ase
from temwidgets._files.atoms import atoms_of_columns, atoms_of_lattice
from temwidgets._files.csv_table import read_table
from temwidgets._files.look import existing, unreadable
from temwidgets._files.positions import Wanted, columns_of_table
from temwidgets._files.xyz import read_xyz
from temwidgets.conventions import check_columns

if TYPE_CHECKING:
    import ase


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
        try:
            return check_columns(store.load(file))
        except OSError as error:
            raise unreadable(file, "columns (netCDF-4)", error) from None
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
