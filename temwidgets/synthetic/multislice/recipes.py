"""What is imaged how: one recipe for each multislice image."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from temwidgets.synthetic.multislice import crystals
from temwidgets.synthetic.multislice.crystals import SRTIO3, Field, Specimen


class Hrtem(NamedTuple):
    """Plane wave and objective lens; lengths in nm, angles in mrad."""

    cs: float  # spherical aberration; negative with overfocus shows atoms bright
    defocus: float  # negative: overfocus
    focal_spread: float
    aperture: float


class Haadf(NamedTuple):
    """Focused probe and annular detector; lengths in nm, angles in mrad."""

    semiangle: float
    inner: float
    outer: float
    source: float  # sigma of the image of the source
    interpolation: tuple[int, int]  # of PRISM, along y and x
    step: float  # of the scan; the image is interpolated from it


class Recipe(NamedTuple):
    """A specimen, a field, and what looks at it; lengths in nm."""

    title: str
    shape: tuple[int, int]
    sampling: float
    energy: float  # keV
    optics: Hrtem | Haadf
    specimen: Callable[[Field, int], Specimen]  # for a field and a seed
    vibration: dict[str, float]  # standard deviation of an atom along each axis
    configurations: int  # thermal ones: an even number, for each displacement has its opposite
    elements: tuple[str, ...]  # of columns, from the brightest to the faintest
    tile: Callable[[Field, int], Specimen] | None = (
        None  # what is simulated when it repeats along x
    )
    period: int = 0  # px after which the tile repeats

    @property
    def field(self) -> Field:
        """Size along y and x."""
        return self.shape[0] * self.sampling, self.shape[1] * self.sampling


_PROBE = Haadf(
    semiangle=30.0, inner=60.0, outer=120.0, source=0.035, interpolation=(3, 3), step=0.03
)
_PLANES, _BELOW = (6, 6), -0.6  # planes of Sr and Pb, and where the first one lies
_DEPTH = 12  # cells along the beam: 4.7 nm


def _oxide(cells: int) -> Callable[[Field, int], Specimen]:
    return lambda field, seed: crystals.pbtio3_srtio3(_PLANES, cells, _DEPTH, first=_BELOW)


RECIPES = {
    "graphene": Recipe(
        title="HRTEM of graphene with vacancies, 80 kV",
        shape=(224, 208),
        sampling=0.023,
        energy=80.0,
        optics=Hrtem(cs=-10e3, defocus=-8.0, focal_spread=2.0, aperture=40.0),
        specimen=crystals.graphene,
        vibration={"C": 0.005},
        configurations=4,
        elements=("C",),
    ),
    "mos2": Recipe(
        title="HAADF-STEM of a layer of MoS2 2H with sulphur vacancies, 80 kV",
        shape=(160, 192),
        sampling=0.02,
        energy=80.0,
        optics=_PROBE,
        specimen=crystals.mos2,
        vibration={"Mo": 0.006, "S": 0.007},
        configurations=2,
        elements=("Mo", "S"),
    ),
    "pbtio3_srtio3": Recipe(
        title="HAADF-STEM of PbTiO3 on SrTiO3 along [010], 4.7 nm thick, 200 kV",
        shape=(192, 240),
        sampling=SRTIO3 / 20,
        energy=200.0,
        optics=Haadf(
            semiangle=22.0, inner=85.0, outer=150.0, source=0.035, interpolation=(4, 1), step=0.026
        ),
        specimen=_oxide(cells=13),
        vibration={"Pb": 0.012, "Sr": 0.0088, "Ti": 0.007, "O": 0.0095},
        configurations=2,
        elements=("Pb", "Sr", "Ti"),
        tile=_oxide(cells=4),
        period=20,
    ),
    "res2": Recipe(
        title="HAADF-STEM of a layer of ReS2 1T'', 80 kV",
        shape=(160, 176),
        sampling=0.02,
        energy=80.0,
        optics=_PROBE,
        specimen=crystals.res2,
        vibration={"Re": 0.005, "S": 0.007},
        configurations=2,
        elements=("Re", "S"),
    ),
}
