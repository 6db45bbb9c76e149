"""Multislice images with their truth: those that come along, and new ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from temwidgets.conventions import make_columns, make_image, quantity
from temwidgets.synthetic.multislice.crystals import columns_of
from temwidgets.synthetic.multislice.recipes import RECIPES, Haadf, Recipe

FOLDER = Path(__file__).parent
SEED = 0
"""Seed of the images that come along."""
_LISTS = {"names", "elements", "vacancy_y", "vacancy_x"}


def multislice_image(name: str) -> tuple[xr.DataArray, xr.Dataset]:
    """Load a multislice image that comes along, and its truth.

    Columns in it are as electrons make them, not the Gaussians of the other synthetic images: a
    harder test. It has no noise; ``image.copy(data=rng.poisson(dose * image))`` gives it some.

    Parameters
    ----------
    name : {"graphene", "mos2", "pbtio3_srtio3", "res2"}
        HRTEM of graphene with vacancies; HAADF-STEM of a layer of MoS2 2H with sulphur vacancies,
        of PbTiO3 on SrTiO3, and of a layer of ReS2 1T''.

    Returns
    -------
    image : DataArray, (y, x), float32
        Fractions of the beam's intensity, coordinates in nm. Its attributes say how it was made.
    truth : Dataset, (column,)
        ``y``, ``x`` (nm), ``sublattice`` with the names and elements, brightest first, ``atoms``
        (how many lie above each other), and for PbTiO3 ``displacement``(column, component) off
        the middle of the neighbours. ``attrs["vacancy_y"]`` and ``vacancy_x`` are places where a
        whole column is missing. Oxygen is not told: it does not show.

    Raises
    ------
    ValueError
        If no image has that name.
    """
    _check(name)
    path = FOLDER / f"{name}.nc"
    image = xr.load_dataarray(path, group="image", engine="h5netcdf").astype(np.float32)
    truth = xr.load_dataset(path, group="truth", engine="h5netcdf")
    # netCDF keeps a list of one as the one
    for attrs in (truth.attrs, truth["sublattice"].attrs):
        attrs.update({key: np.atleast_1d(attrs[key]).tolist() for key in _LISTS & attrs.keys()})
    return image.drop_encoding(), truth.drop_encoding()


def simulate_multislice(name: str, *, seed: int = SEED) -> tuple[xr.DataArray, xr.Dataset]:
    """Simulate one of the multislice images anew, by abTEM (extra ``multislice``): some minutes.

    Parameters
    ----------
    name : str
        As in `multislice_image`.
    seed : int
        Decides vacancies and thermal displacements; 0 gives the image that comes along.

    Returns
    -------
    image, truth
        As from `multislice_image`.

    Raises
    ------
    ValueError
        If there is no recipe of that name.
    ImportError
        If abTEM is not installed.

    References
    ----------
    abTEM: Madsen & Susi, Open Research Europe 1 (2021) 24. PRISM: Ophus, Adv. Struct. Chem.
    Imaging 3 (2017) 13.
    """
    _check(name)
    from temwidgets.synthetic.multislice.simulation import ideal_image

    recipe = RECIPES[name]
    image = make_image(
        ideal_image(recipe, seed).astype(np.float32),
        sampling=recipe.sampling,
        attrs={"units": "1", "long_name": "intensity over that of the beam", **_told(name, seed)},
    )
    return image, true_columns(name, seed=seed)


def true_columns(name: str, *, seed: int = SEED) -> xr.Dataset:
    """Return the truth of a multislice image without simulating it."""
    _check(name)
    recipe = RECIPES[name]
    specimen = recipe.specimen(recipe.field, seed)
    found = columns_of(specimen)
    inside = _inside(found.places, recipe)
    columns = make_columns(*found.places[inside].T)
    kinds = [recipe.elements.index(symbol) for symbol in found.symbols[inside]]
    elements = list(recipe.elements)
    columns["sublattice"] = quantity(
        "column", kinds, "1", "sublattice", names=elements, elements=elements
    )
    columns["atoms"] = quantity("column", found.atoms[inside], "1", "atoms above each other")
    if found.off.any():
        columns["displacement"] = quantity(
            ("column", "component"),
            found.off[inside],
            "nm",
            "displacement from the middle",
        )
        columns = columns.assign_coords(component=["y", "x"])
    gone = specimen.missing[_inside(specimen.missing, recipe)]
    return columns.assign_attrs(vacancy_y=gone[:, 0].tolist(), vacancy_x=gone[:, 1].tolist())


def write(name: str, folder: Path, *, seed: int = SEED) -> Path:
    """Simulate an image and write it with its truth as the files that come along: 16 bits."""
    image, truth = simulate_multislice(name, seed=seed)
    low, high = float(image.min()), float(image.max())
    packed = {
        "dtype": "uint16",
        "scale_factor": (high - low) / 65534,
        "add_offset": low,
        "_FillValue": 65535,
        "zlib": True,
        "complevel": 9,
        "shuffle": True,
    }
    path = folder / f"{name}.nc"
    image.to_netcdf(path, group="image", engine="h5netcdf", encoding={str(image.name): packed})
    truth.to_netcdf(path, mode="a", group="truth", engine="h5netcdf")
    return path


def _check(name: str) -> None:
    if name not in RECIPES:
        raise ValueError(f"There is no multislice image {name!r}. There are: {', '.join(RECIPES)}.")


def _inside(places: np.ndarray, recipe: Recipe) -> np.ndarray:
    last = recipe.sampling * (np.array(recipe.shape) - 1)
    return np.asarray(((places >= 0) & (places <= last)).all(axis=1))


def _told(name: str, seed: int) -> dict[str, str | float]:
    """Attributes that say what an image shows, how it was made, and whose it is."""
    recipe = RECIPES[name]
    command = f"python -m temwidgets.synthetic.multislice FOLDER --only {name} --seed {seed}"
    return {
        "title": recipe.title,
        "detector": "HAADF" if isinstance(recipe.optics, Haadf) else "HRTEM",
        "beam_energy_keV": recipe.energy,
        "optics": str(recipe.optics),
        "source": f"simulated by abTEM: {command}",
        "licence": "CC0-1.0",
    }
