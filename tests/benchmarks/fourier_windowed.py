"""The rolling window on one core: ``python tests/benchmarks/fourier_windowed.py``.

Times are wall seconds of a 512 x 512 image and three reflections, window 128. The reference in the
same run is one windowed transform a pixel and scipy's `curve_fit` of a Gaussian to the box round
the spot, at some pixels and scaled up. Errors are those of the interior of a strained crystal.
"""

import os
import platform
import resource
import time
from importlib.metadata import version

import numpy as np
import scipy.ndimage as ndi
from scipy.optimize import curve_fit

import temwidgets as tw
from temwidgets.kernels.fourier.sliding_bins import Box, bin_power, blocks, plan, window_weights
from temwidgets.synthetic import strained_crystal

WINDOW, HALF = 128, 7
INTERIOR = 64  # px from the edge of the crystal
PLACES = 40


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before JAX counts the cores
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy"))
    print(f"{platform.machine()}, 1 core, Python {platform.python_version()}, {packages}")
    image, truth = strained_crystal((512, 512), seed=0)
    reflections = tw.make_reflections(truth["g"].values, units="px")
    own, whole = bins_differ(image, truth)
    print(
        f"bins against a transform a pixel, largest difference: {own:.1e} of the strongest bin of"
        f" the same box, {whole:.1e} of the strongest of all"
    )
    inside = ndi.distance_transform_edt(truth["mask"].values) > INTERIOR
    places = sample(inside)
    print(f"\n{'':46}seconds  d RMSE % of three reflections")
    seconds, off = one_by_one(image, truth, places)
    line(f"one transform and curve_fit a pixel ({PLACES})", seconds * 3 * image.size, off)
    for name, options in (
        ("Gaussian", {"fit": "gaussian"}),
        ("Gaussian of log amplitudes", {"fit": "gaussian", "scale": "log"}),
        ("log parabola", {"fit": "parabola"}),
        ("log parabola, window 96", {"fit": "parabola", "window": 96}),
    ):
        found, first = measured(image, reflections, **options)
        found, warm = measured(image, reflections, **options)
        off = (found["d_spacing"] / truth["d_spacing"] - 1).values[:, inside]
        line(f"{name} (first call {first:.1f} s)", warm, 100 * np.sqrt(np.nanmean(off**2, axis=1)))
        pull = ((found["d_spacing"] - truth["d_spacing"]) / found["d_spacing_std"]).values
        pulls = np.sqrt(np.nanmean(pull[:, inside] ** 2, axis=1))
        print(f"{'':46}pulls, rms {', '.join(f'{p:.2f}' for p in pulls)}")
    phase = tw.local_spacing(image, reflections)
    off = (phase["d_spacing"] / truth["d_spacing"] - 1).values[:, inside]
    begun = time.perf_counter()
    tw.local_spacing(image.copy(), reflections)
    line("phase engine", time.perf_counter() - begun, 100 * np.sqrt(np.nanmean(off**2, axis=1)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\npeak memory of the process {peak:.2f} GB")


def measured(image, reflections, **options):
    begun = time.perf_counter()
    options = {"window": WINDOW, **options}
    found = tw.local_spacing(image, reflections, engine="windowed", **options)
    return found, time.perf_counter() - begun


def sample(inside):
    rows, cols = np.nonzero(inside)
    chosen = np.random.default_rng(0).choice(rows.size, PLACES, replace=False)
    return np.column_stack([rows[chosen], cols[chosen]])


def box_at(padded, weights, row, col, middle):
    """Amplitudes of the box by a transform of the window round one pixel."""
    cut = padded[row : row + WINDOW, col : col + WINDOW] * weights
    bins = (m + np.arange(-HALF, HALF + 1) for m in middle)
    rows, cols = (b % WINDOW for b in bins)
    return np.abs(np.fft.fft2(cut)[np.ix_(rows, cols)])


def padded_of(image):
    values = image.values.astype(float)
    return np.pad(values - values.mean(), WINDOW // 2)


def bins_differ(image, truth):
    hann = window_weights(WINDOW, "hann")
    middle = np.rint(truth["g"].values[0] * WINDOW).astype(int)
    box = Box((hann, hann), tuple(middle - HALF), (2 * HALF + 1,) * 2)
    padded, made = padded_of(image), plan(image.values - image.values.mean(), box)
    rng, off = np.random.default_rng(1), []
    for block in rng.choice(blocks(made), 12, replace=False):
        power = np.asarray(bin_power(made, block)).reshape(*made.box, made.rows, -1)
        for line_of, col in [(0, 0), (0, 511), *rng.integers(0, (made.rows, 512), (6, 2)).tolist()]:
            row = block * made.rows + line_of
            wanted = box_at(padded, np.outer(hann, hann), row, col, middle)
            found = np.sqrt(power[:, :, line_of, col])
            off.append((np.abs(found - wanted).max(), wanted.max()))
    most, top = np.transpose(off)
    return (most / top).max(), most.max() / top.max()


def gaussian(places, size, y, x, long, short, turn, offset):
    dy, dx = places[0] - y, places[1] - x
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    return size * np.exp(-0.5 * ((u / long) ** 2 + (v / short) ** 2)) + offset


def one_by_one(image, truth, places):
    """Seconds of a pixel and reflection, and the errors of d in %."""
    padded, hann = padded_of(image), window_weights(WINDOW, "hann")
    weights = np.outer(hann, hann)
    bins = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1].reshape(2, -1).astype(float)
    low = [0, -HALF, -HALF, 0.3, 0.3, -np.pi, -np.inf]
    high = [np.inf, HALF, HALF, HALF, HALF, np.pi, np.inf]
    off = np.zeros((3, len(places)))
    begun = time.perf_counter()
    for k in range(3):
        middle = np.rint(truth["g"].values[k] * WINDOW).astype(int)
        for n, (row, col) in enumerate(places):
            data = box_at(padded, weights, row, col, middle)
            top = bins[:, data.argmax()]
            start = [data.max(), *top, 0.9, 0.8, 0.0, np.median(data)]
            found, _ = curve_fit(gaussian, bins, data.ravel(), start, bounds=(low, high))
            d = WINDOW / np.hypot(*(middle + found[1:3]))
            off[k, n] = d / truth["d_spacing"].values[k, row, col] - 1
    seconds = (time.perf_counter() - begun) / off.size
    return seconds, 100 * np.sqrt((off**2).mean(axis=1))


def line(name, seconds, errors):
    print(f"{name:44}{seconds:9.1f}  {'  '.join(f'{e:.3f}' for e in errors)}", flush=True)


if __name__ == "__main__":
    main()
