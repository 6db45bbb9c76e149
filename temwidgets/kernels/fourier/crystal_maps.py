"""Maps at the pixels of an image from fields on a coarse grid, blank outside the crystal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.fine_grid import fine_grid, refine
from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum
from temwidgets.kernels.fourier.phase_engine import Measured

_TRUSTED = 0.25  # share of a window that must lie in the crystal for a field to be carried on
_VAGUE = 0.5  # radians: error of the phase at one sigma beyond which g is not measured
_LEAST_SINE = 0.05  # of the angle between two reflections that together tell strain

_PADDED = 18  # half the padding is at least so small a part of the grid
_POSITIVE = (1e-36, 1e36)  # variances that float32 holds

Index = tuple[np.ndarray, np.ndarray]


Change = Callable[[np.ndarray], None]


class _Field(NamedTuple):
    """A field on the coarse grid, and where it goes."""

    values: np.ndarray  # (y, x)
    out: np.ndarray  # (y, x) float32, at the pixels
    reflection: int | None  # None: of the lattice
    change: Change | None
    exact: bool  # splines run through the values; else close by, and never below the lowest


class MapMaker:
    """Carries fields to every `stride`-th pixel: `add` them, then `carry` all at once.

    Parameters
    ----------
    measured : Measured
    g : ndarray, (n, 2)
        Its reflections.
    known : ndarray of bool, (y, x)
        Where the lattice fit is known, on the coarse grid.
    spectrum : ImageSpectrum
    stride : int

    Attributes
    ----------
    inside : ndarray of bool, (reflection, y, x)
        Where each reflection is measured.
    several : bool
        Whether there are reflections that are not in line.
    strained : ndarray of bool, (y, x)
        Where two or more that are not in line are.
    """

    def __init__(
        self,
        measured: Measured,
        g: np.ndarray,
        known: np.ndarray,
        spectrum: ImageSpectrum,
        stride: int = 1,
    ):
        self.measured = measured
        self.fine = fine_grid(spectrum, measured.grid, stride)
        self.inside = self._inside()
        pairs = _pairs(g)
        self.several = bool(pairs)
        self.strained = np.zeros(self.fine.shape, bool)
        for a, b in pairs:
            self.strained |= self.inside[a] & self.inside[b]
        trusted = [f.weight > _TRUSTED for f in measured.fringes]
        self._nearest = self._nearest_of(trusted)
        several = np.sum(trusted, axis=0) > 1
        self._nearest_strained = _nearest(several & known)
        self._fields: list[_Field] = []
        self._phases: set[str] = set()
        self._maps: dict[str, np.ndarray] = {}

    def add(
        self,
        name: str,
        values: np.ndarray,
        reflection: int | None = None,
        change: Change | None = None,
        *,
        going_on: bool = False,
        exact: bool = True,
    ) -> None:
        """Add a field (y, x) on the coarse grid, of a reflection or of the lattice.

        ``change(band)`` alters rows of pixels in place before they are blanked. Unless the field is
        one that goes on beyond the crystal, it is continued by what is nearest.
        """
        if reflection is None:
            out = self._maps[name] = np.empty(self.fine.shape, np.float32)
        else:
            size = (len(self.inside), *self.fine.shape)
            whole = self._maps.setdefault(name, np.empty(size, np.float32))
            out = whole[reflection]
        if not going_on:
            nearest = self._nearest_strained if reflection is None else self._nearest[reflection]
            values = values[nearest]
        self._fields.append(_Field(values, out, reflection, change, exact))

    def add_error(self, name: str, variance: np.ndarray, reflection: int | None = None) -> None:
        """Add the root of a variance; splines pass close by its values, so it stays positive."""
        error = np.sqrt(np.clip(variance, *_POSITIVE).astype(np.float32))
        self.add(name, error, reflection, exact=False)

    def add_phase(self, name: str, phasor: np.ndarray, slope: np.ndarray, reflection: int) -> None:
        """Add the phase of a complex field; it is the field that splines run through.

        Beyond the crystal it goes on with its `slope` (2, y, x), cycles per length.
        """
        y, x = self._nearest[reflection]
        apart = [
            ((here - index + here.size // 2) % here.size - here.size // 2) * step
            for here, index, step in zip(
                np.ogrid[: len(y), : y.shape[1]], (y, x), self.measured.grid.step, strict=True
            )
        ]
        turn = 2 * np.pi * (slope[0][y, x] * apart[0] + slope[1][y, x] * apart[1])
        whole = phasor[y, x] * (np.cos(turn) + 1j * np.sin(turn))
        self.add(name, whole.real, reflection, going_on=True)
        self.add(f"{name} sine", whole.imag, reflection, going_on=True)
        self._phases.add(name)

    def carry(self) -> dict[str, np.ndarray]:
        """Return all maps, (reflection, y, x) or (y, x); NaN where they are not measured."""
        blanks = [_blank(mask) for mask in self.inside]
        lattice = _blank(self.strained)
        finishes = []
        for field in self._fields:
            blank = lattice if field.reflection is None else blanks[field.reflection]
            finishes.append(_ending(field.change, blank))
        values, outs = ([getattr(f, name) for f in self._fields] for name in ("values", "out"))
        refine(values, self.fine, outs, finishes, [f.exact for f in self._fields])
        for name in self._phases:
            cosine = self._maps[name]
            with np.errstate(invalid="ignore"):
                np.arctan2(self._maps.pop(f"{name} sine"), cosine, out=cosine)
        return self._maps

    def _inside(self) -> np.ndarray:
        """Where each reflection is measured; those of one crystal mostly share a mask."""
        inside = np.empty((len(self.measured.share), *self.fine.shape), bool)
        shares: list[np.ndarray] = []
        known: dict[tuple[int, int], int] = {}
        row = []
        for k, number in enumerate(self.measured.crystal.tolist()):
            vague = self._vague(k)
            key = (number, k if vague.any() else -1)
            if key not in known:
                known[key] = len(shares)
                share = self.measured.share[k]
                shares.append(np.where(vague, np.minimum(share, 0), share))
            row.append(known[key])
        planes = np.empty((len(shares), *self.fine.shape), np.float32)
        refine(shares, self.fine, list(planes))
        for k in range(len(inside)):
            np.greater(planes[row[k]], self.measured.edge[k], out=inside[k])
        return inside

    def _vague(self, k: int) -> np.ndarray:
        covariance = self.measured.fringes[k].covariance
        variance = np.maximum(covariance[0], covariance[2])
        error = 2 * np.pi * self.measured.sigma * np.sqrt(np.maximum(variance, 0))
        return (error > _VAGUE) & (self.measured.share[k] > self.measured.edge[k] / 2)

    def _nearest_of(self, trusted: Sequence[np.ndarray]) -> list[Index]:
        known: dict[int, Index] = {}
        for k, number in enumerate(self.measured.crystal.tolist()):
            if number not in known:
                known[number] = _nearest(trusted[k])
        return [known[number] for number in self.measured.crystal.tolist()]


def _pairs(g: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of vectors that are not in line."""
    length = np.hypot(*g.T)
    return [
        (a, b)
        for a, b in combinations(range(len(g)), 2)
        if abs(g[a, 0] * g[b, 1] - g[a, 1] * g[b, 0]) > _LEAST_SINE * length[a] * length[b]
    ]


def _nearest(trusted: np.ndarray) -> Index:
    """Index of the nearest point that is trusted, round the padding."""
    index = np.indices(trusted.shape, np.int32)
    if trusted.any():
        # half the padding before the image, half behind it
        counts = np.array(trusted.shape)
        shift = counts // _PADDED
        rolled = np.roll(trusted, shift, (0, 1))
        ndi.distance_transform_edt(
            ~rolled, return_distances=False, return_indices=True, indices=index
        )
        index = np.roll(index, -shift, (1, 2))
        index = (index - shift[:, None, None]) % counts[:, None, None]
    return index[0], index[1]


def _blank(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, np.float32(1), np.float32(np.nan))


def _ending(change: Change | None, blank: np.ndarray) -> Callable[[np.ndarray, slice], None]:
    def end(band: np.ndarray, rows: slice) -> None:
        if change is not None:
            change(band)
        band *= blank[rows]

    return end
