"""Order that repeats over several cells: power spectrum of a column variable, with significance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_values import CellValues, cell_values, on_site, slow_trend
from temwidgets.analysis.lattice_data import check_lattice, vectors_of
from temwidgets.conventions import check_columns, quantity
from temwidgets.kernels import lattice_peaks, lattice_spectrum
from temwidgets.kernels.slow_trends import without

_PERMUTATIONS = 200


def order_spectrum(
    columns: xr.Dataset,
    variable: str = "intensity",
    *,
    site: int | None = None,
    lattice: xr.Dataset | None = None,
    trend: int = 4,
    noise: Literal["white", "smooth"] = "white",
    level: float = 0.01,
    max_peaks: int = 10,
    permutations: int = _PERMUTATIONS,
    seed: int = 0,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Find order that repeats over several cells: superlattice peaks of a column variable.

    At every wave vector q a wave over the cells is fitted by least squares together with a slow
    trend; cells without a column are left out of the sums, not filled. A peak's p-value is the
    probability that columns with the same values in random order show so strong a peak anywhere
    in the spectrum.

    Parameters
    ----------
    columns : Dataset, (column,)
        Numbered by `index_columns` (n_a, n_b).
    variable : str
        One number per column: "intensity", "displacement_y", "sigma_major", ...
    site : int, optional
        Motif site (its sublattice if columns have no `site`) to take; not needed if one only has
        values.
    lattice : Dataset, optional
        Adds each peak's `wavelength` and `direction`.
    trend : int
        Degree of the polynomial over the field that counts as slow trend, such as thickness.
    noise : {"white", "smooth"}
        What peaks are compared with: the mean over all waves, exact for exchangeable columns; or
        the level round each wave, for noise that neighbouring columns share (as fits of
        overlapping columns and scan lines do) or short-range order.
    level : float
        Peaks are listed until one has a larger p-value; the strongest always is.
    max_peaks : int
        Most peaks listed. Each is taken off before the next is sought.
    permutations : int
        Random orders that calibrate the p-values; results change by some percent with them.
    seed : int
        Makes them repeatable.
    report : callable, optional
        Called with the fraction done now and then; may raise CancelledError.

    Returns
    -------
    Dataset, (q_a, q_b) and (peak,)
        ``power`` (q_a, q_b) from -1/2 to 1/2, in units of white noise, NaN where the trend hides
        the wave. For each peak ``peak_q_a``, ``peak_q_b`` (cycles per cell, with `_std`),
        ``amplitude`` (with `_std`, the variable's units), ``phase`` (degrees), ``peak_power``,
        ``p_value`` and ``log10_p``, which has no smallest number; with a lattice ``wavelength``
        (length unit) and ``direction`` (degrees from +x towards +y). The wave is
        ``amplitude cos(2 pi (q_a n_a + q_b n_b) + phase)``; `order_modulation` evaluates it.
        Attributes: variable, site, n_columns, level, ``power_threshold`` (power of a peak at
        `level`, for white noise), ``independent_waves``.

    Raises
    ------
    TypeError, ValueError
        If columns are not numbered, the variable or site is missing, several sites have values and
        none is chosen, too few columns are left, all values are equal, or an option is wrong.

    Notes
    -----
    At q = (1/2, 0), (0, 1/2) and (1/2, 1/2) a wave has no phase to choose but its sign: a 2 x 1
    order whose columns alternate by a contrast c has amplitude c / 2 there.

    Of 24 fitted images without order whose columns overlap (9 px apart, sigma 3 px) 18 show a peak
    of position at p < 0.01 over white noise, 3 over smooth noise; for hidden order of intensity in
    independent noise log p is by a quarter nearer to zero over smooth noise.

    Background that varies faster than `trend` allows, and layers, show as peaks near q = 0. Columns
    that the image edge cuts, or whose fit failed (see `flags`), do not count: their intensities
    are poorly known.

    References
    ----------
    N. R. Lomb, Astrophys. Space Sci. 39 (1976) 447. Permutation of residuals: D. Freedman and
    D. Lane, J. Bus. Econ. Stat. 1 (1983) 292.
    """
    _check_options(noise, level, max_peaks, permutations)
    if lattice is not None:
        check_lattice(lattice)
    data = cell_values(columns, variable, site)
    basis = slow_trend(data.cells, trend)
    residual = without(basis, data.values)
    if not residual.std() > 1e-9 * max(float(np.abs(data.values).max()), 1e-300):
        raise ValueError(f"{variable} is the same everywhere but for the slow trend: no spectrum.")
    setup = lattice_spectrum.waves(data.cells, basis)
    smooth = noise == "smooth"
    extremes = lattice_spectrum.permuted_extremes(
        setup, residual, permutations, seed, report or (lambda fraction: None), smooth=smooth
    )
    number = lattice_spectrum.independent_waves(extremes, int((setup.rank > 0).sum()))
    peaks, logs = _peaks(setup, residual, number, level, max_peaks, smooth=smooth)
    result = _power_map(setup, residual).assign(_peak_table(peaks, logs, data))
    result.attrs = {
        "variable": variable,
        "site": data.site,
        "n_columns": data.rows.size,
        "trend": int(trend),
        "noise": noise,
        "independent_waves": number,
        "level": level,
        "power_threshold": _threshold(setup.freedom, level, number),
    }
    return result if lattice is None else result.assign(_lengths(result, lattice))


def _check_options(noise: str, level: float, max_peaks: int, permutations: int) -> None:
    if noise not in ("white", "smooth"):
        raise ValueError(f'noise is "white" or "smooth", but {noise!r} came.')
    if not 0 < level < 1:
        raise ValueError(f"level is a probability between 0 and 1, but {level} came.")
    if max_peaks != int(max_peaks) or max_peaks < 1:
        raise ValueError(f"max_peaks is a whole number from 1, but {max_peaks} came.")
    if permutations != int(permutations) or permutations < 20:
        raise ValueError(f"permutations is a whole number from 20, but {permutations} came.")


def _peaks(
    setup: lattice_spectrum.Waves,
    residual: np.ndarray,
    number: float,
    level: float,
    max_peaks: int,
    *,
    smooth: bool,
) -> tuple[list[lattice_peaks.Peak], list[float]]:
    """Peaks one after the other, each taken off; and log of their p-values."""
    peaks: list[lattice_peaks.Peak] = []
    logs: list[float] = []
    while len(peaks) < max_peaks:
        peak = lattice_peaks.strongest(setup, residual, smooth=smooth)
        log_p = float(lattice_spectrum.log_p_of_extreme(peak.log_p, number))
        if peaks and log_p > np.log(level):
            break
        peaks.append(peak)
        logs.append(log_p)
        if log_p > np.log(level) or setup.freedom < 8:
            break
        basis = np.concatenate([setup.basis, peak.values], axis=1)
        setup = lattice_spectrum.waves(setup.cells, basis)
        residual = without(basis, residual)
        # an order without noise is explained in full
        if not setup.rank.any() or not residual.std() > 1e-9 * peak.amplitude:
            break
    return peaks, logs


def _power_map(setup: lattice_spectrum.Waves, residual: np.ndarray) -> xr.Dataset:
    power = lattice_spectrum.power(setup, lattice_spectrum.explained(setup, residual))
    half = np.where(setup.rank > 0, power, np.nan)
    full = np.fft.fftshift(lattice_spectrum.whole(half, setup.shape))
    # both edges of the zone: -1/2 and 1/2 are one wave
    full = np.pad(full, ((0, 1), (0, 1)), mode="wrap")
    axes = {
        name: quantity(name, np.arange(n + 1) / n - 0.5, "1", f"cycles per cell along {name[-1]}")
        for name, n in zip(("q_a", "q_b"), setup.shape, strict=True)
    }
    text = "power over that of white noise"
    return xr.Dataset({"power": quantity(("q_a", "q_b"), full, "1", text)}, coords=axes)


def _peak_table(
    peaks: list[lattice_peaks.Peak], logs: list[float], data: CellValues
) -> dict[str, Any]:
    table: dict[str, Any] = {"peak": quantity("peak", np.arange(len(peaks)), "1", "peak")}
    for axis, name in enumerate(("q_a", "q_b")):
        text = f"cycles per cell along {name[-1]}"
        values, errors = ([getattr(p, f)[axis] for p in peaks] for f in ("q", "q_std"))
        table |= _with_error(f"peak_{name}", values, errors, "1", text)
    amplitude = [p.amplitude for p in peaks], [p.amplitude_std for p in peaks]
    table |= _with_error("amplitude", *amplitude, data.units, f"amplitude of {data.long_name}")
    phase = np.rad2deg([p.phase for p in peaks])
    p_value = np.exp(np.array(logs))
    return table | {
        "phase": quantity("peak", phase, "deg", "phase at cell (0, 0)"),
        "peak_power": quantity("peak", [p.power for p in peaks], "1", "power over white noise"),
        "p_value": quantity("peak", p_value, "1", "p-value, whole spectrum searched"),
        "log10_p": quantity("peak", np.array(logs) / np.log(10), "1", "log10 of the p-value"),
    }


def _with_error(name: str, values: Any, errors: Any, units: str, text: str) -> dict[str, Any]:
    error = f"{name}_std"
    return {
        name: quantity("peak", values, units, text, ancillary_variables=error),
        error: quantity("peak", errors, units, f"standard error of {text}"),
    }


def _threshold(freedom: int, level: float, number: float) -> float:
    single = -np.expm1(np.log1p(-level) / number)
    share = -np.expm1(np.log(single) * 2 / (freedom - 2))
    return float(share * freedom / 2)


def _lengths(spectrum: xr.Dataset, lattice: xr.Dataset) -> dict[str, Any]:
    unit = str(lattice["vectors"].attrs.get("units", "1"))
    q = np.stack([spectrum["peak_q_a"].values, spectrum["peak_q_b"].values])
    y, x = np.linalg.inv(vectors_of(lattice)) @ q
    return {
        "wavelength": quantity("peak", 1 / np.hypot(y, x), unit, "wavelength"),
        "direction": quantity(
            "peak", np.rad2deg(np.arctan2(y, x)), "deg", "direction of the wave from +x towards +y"
        ),
    }


def order_modulation(columns: xr.Dataset, order: xr.Dataset, peak: int = 0) -> xr.Dataset:
    """Evaluate one peak's wave at every column of its site, e.g. to draw it on the image.

    Parameters
    ----------
    columns : Dataset, (column,)
        Numbered by the same lattice as those of the spectrum.
    order : Dataset
        From `order_spectrum`.
    peak : int
        Which peak.

    Returns
    -------
    Dataset, (column,)
        With ``<variable>_modulation``, in the variable's units, NaN off the lattice and on other
        sites; columns whose value was missing have one.

    Raises
    ------
    TypeError, ValueError
        If the order spectrum is none, has no such peak, or columns are not numbered.
    """
    check_columns(columns)
    if not isinstance(order, xr.Dataset) or "peak_q_a" not in order:
        raise TypeError(
            "A spectrum from temwidgets.order_spectrum was expected, but a"
            f" {type(order).__name__} without peaks came."
        )
    if peak not in order["peak"].values:
        raise ValueError(f"There is no peak {peak}; there are {order.sizes['peak']}, from 0.")
    row = order.sel(peak=peak)
    used = on_site(columns, int(order.attrs["site"]))
    turns = float(row["peak_q_a"]) * columns["n_a"].values.astype(float)
    turns = turns + float(row["peak_q_b"]) * columns["n_b"].values.astype(float)
    wave = float(row["amplitude"]) * np.cos(2 * np.pi * turns + np.deg2rad(float(row["phase"])))
    name = f"{order.attrs['variable']}_modulation"
    text = f"modulation of {order.attrs['variable']}, peak {peak}"
    unit = str(order["amplitude"].attrs["units"])
    return columns.assign({name: quantity("column", np.where(used, wave, np.nan), unit, text)})
