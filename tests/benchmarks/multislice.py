"""Accuracy of finding and fitting on a multislice image, where columns are not Gaussian.

Run apart from the test suite, with a simulated image that holds its truth (netCDF with `ideal`,
the noise-free image in fractions of the beam; `column_y`, `column_x` and `element`):
``python tests/benchmarks/multislice.py haadf_pto_domain_walls.nc``.
"""

import os
import platform
import sys
import warnings
from importlib.metadata import version

import numpy as np
import xarray as xr

import temwidgets as tw

DOSES = (20, 200, 2000)  # counts at the peak of a strong column
SEEDS = 4
RADIUS = 0.35  # of the distance of nearest columns: a found column farther from truth is another


def load(path):
    """Return the noise-free image, with 1 at the peak of a strong column, and the true columns."""
    data = xr.load_dataset(path, engine="h5netcdf")
    ideal = data["ideal"]
    y, x, element = (data[name].values for name in ("column_y", "column_x", "element"))
    peaks = ideal.interp(y=xr.DataArray(y, dims="c"), x=xr.DataArray(x, dims="c")).values
    kinds = sorted(set(element), key=lambda e: -np.nanmedian(peaks[element == e]))
    strong = np.nanmedian(peaks[element == kinds[0]])
    sampling = tuple(float(ideal[k].diff(k).mean()) for k in "yx")
    origin = tuple(float(ideal[k][0]) for k in "yx")
    inside = (y >= ideal.y.values[0]) & (y <= ideal.y.values[-1])
    inside &= (x >= ideal.x.values[0]) & (x <= ideal.x.values[-1])
    true = tw.make_columns(y[inside], x[inside])
    true["sublattice"] = ("column", [kinds.index(e) for e in element[inside]])
    image = tw.make_image(ideal.values / strong, sampling=sampling, origin=origin)
    return image, true, kinds


def noisy(image, dose, seed):
    counts = np.random.default_rng(seed).poisson(np.maximum(image.values, 0) * dose)
    return image.copy(data=counts.astype(np.float32))


def inner(columns, image, depth):
    y, x = columns["y"], columns["x"]
    inside = (y > image.y[0] + depth) & (y < image.y[-1] - depth)
    return (inside & (x > image.x[0] + depth) & (x < image.x[-1] - depth)).values


def nearest(true):
    from scipy.spatial import KDTree

    place = np.stack([true["y"].values, true["x"].values], axis=1)
    return float(np.median(KDTree(place).query(place, k=2)[0][:, 1]))


def finding(image, true, apart):
    print(f"{'dose':>6}{'recall %':>10}{'false %':>9}{'rmse pm':>9}")
    for dose in DOSES:
        scores = [
            tw.score_columns(tw.find_columns(noisy(image, dose, s)), true, radius=RADIUS * apart)
            for s in range(SEEDS)
        ]
        recall, precision, rmse = (
            np.mean([float(s[name]) for s in scores]) for name in ("recall", "precision", "rmse")
        )
        print(f"{dose:6d}{100 * recall:10.2f}{100 * (1 - precision):9.2f}{1000 * rmse:9.2f}")


def fitting(image, true, kinds, apart):
    print(
        f"{'dose':>6} {'shape':11}{'column':8}{'lost %':>7}{'rmse y':>8}{'rmse x':>8}{'bias y':>8}"
        f"{'bias x':>8}{'error':>8}{'pull sd':>8}{'height %':>9}{'volume %':>9}{'chi2':>7}"
    )
    reference = {}
    for dose in (1_000_000, *reversed(DOSES)):
        for shape in ("elliptical", "shared"):
            runs = [fitted(image, true, dose, seed, shape, apart) for seed in range(SEEDS)]
            for kind, name in enumerate(kinds):
                sums = summary(runs, image, true, kind, apart)
                if sums is None:
                    continue
                first = reference.setdefault((shape, kind), sums["medians"])
                height, volume = 100 * (sums["medians"] / first - 1)
                print(
                    f"{dose if dose <= max(DOSES) else 'high':>6} {shape:11}{name:8}"
                    f"{sums['lost']:7.2f}{sums['rmse'][0]:8.2f}{sums['rmse'][1]:8.2f}"
                    f"{sums['bias'][0]:8.2f}{sums['bias'][1]:8.2f}{sums['error']:8.2f}"
                    f"{sums['pull']:8.2f}{height:9.2f}{volume:9.2f}{sums['chi2']:7.2f}",
                    flush=True,
                )


def fitted(image, true, dose, seed, shape, apart):
    """Fit from the true places, put off by a tenth of the distance of nearest columns."""
    start = true.copy(deep=True)
    rng = np.random.default_rng(seed)
    for name in ("y", "x"):
        start[name].values += rng.normal(0, 0.05 * apart, start.sizes["column"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = tw.fit_columns(noisy(image, dose, seed), start, shape=shape)
    return result.assign_attrs(dose=dose)


def summary(runs, image, true, kind, apart):
    """Errors in pm, columns cut by the edge left out; None where the kind was not fitted at all."""
    of = (true["sublattice"].values == kind) & inner(true, image, 0.4 * apart)
    if not of.any():
        return None
    off = np.stack([[(r[k] - true[k]).values[of] for k in "yx"] for r in runs])
    spread = np.stack([[r[f"{k}_std"].values[of] for k in "yx"] for r in runs])
    amplitude = np.stack([r["amplitude"].values[of] for r in runs])
    lost = ~(np.hypot(off[:, 0], off[:, 1]) < RADIUS * apart) | ~np.isfinite(amplitude)
    kept = [
        np.concatenate([o[k][~gone] for o, gone in zip(off, lost, strict=True)]) for k in (0, 1)
    ]
    if lost.all():
        return None
    good = np.broadcast_to(~lost[:, None], off.shape)
    # noise alone, apart from what the columns' shape does at any dose
    steady = np.nanmean(np.where(good, off, np.nan), axis=0)
    pull = ((off - steady) / spread)[good] * np.sqrt(SEEDS / (SEEDS - 1))
    dose = runs[0].attrs["dose"]
    return {
        "lost": 100 * lost.mean(),
        "rmse": [1000 * np.sqrt(np.mean(k**2)) for k in kept],
        "bias": [1000 * k.mean() for k in kept],
        "error": 1000 * np.nanmedian(spread[good]),
        "pull": np.nanstd(pull),
        "medians": np.array(
            [np.nanmedian([r[k].values[of] for r in runs]) for k in ("amplitude", "intensity")]
        )
        / dose,
        "chi2": np.mean([r.attrs["reduced_chi2"] for r in runs]),
    }


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/benchmarks/multislice.py FILE.nc")
    image, true, kinds = load(sys.argv[1])
    apart = nearest(true)
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    counts = np.bincount(true["sublattice"].values)
    named = ", ".join(f"{n} {kind}" for n, kind in zip(counts, kinds, strict=True))
    print(f"{image.shape[0]} x {image.shape[1]} px, {named}, nearest columns {apart:.4f} nm apart")
    print(f"{SEEDS} noise realisations a row; dose: counts at the peak of a {kinds[0]} column")
    print("\nFinding, default arguments, the rim included")
    finding(image, true, apart)
    print("\nFitting; pm, columns at the rim left out; height and volume against the high dose")
    fitting(image, true, kinds, apart)


if __name__ == "__main__":
    main()
