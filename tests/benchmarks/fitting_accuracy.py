"""Accuracy of the joint fit against truth and the Cramer-Rao bound.

Run apart from the test suite: ``python tests/benchmarks/fitting_accuracy.py``.
"""

import os
import platform
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

import temwidgets as tw
from temwidgets.kernels import starts

sys.path.insert(0, str(Path(__file__).parent))
from bounds import position_bound

SEEDS = 4
SIZE = (352, 384)
CASES = (
    ("perovskite", 20, "elliptical"),
    ("perovskite", 20, "shared"),
    ("perovskite", 200, "elliptical"),
    ("perovskite", 2000, "elliptical"),
    ("crowded", 200, "shared"),
)


def main():
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    print(f"{SEEDS} images of {SIZE[0]} x {SIZE[1]} px a row; all columns count, the rim too")
    print(
        f"{'image':11}{'dose':>5} {'shape':11}{'sublattice':11}{'lost %':>7}{'rmse px':>9}"
        f"{'bound px':>9}{'ratio':>7}{'pull mean':>10}{'pull sd':>8}{'height %':>9}{'volume %':>9}"
        f"{'h pull':>8}{'sd':>6}"
    )
    for case in CASES:
        report(*case)
    print("one by one (scipy least squares, neighbours not modelled), for comparison")
    report("crowded", 200, "shared", fitter=one_by_one)
    report("perovskite", 200, "elliptical", fitter=one_by_one)


def basis(shape, apart):
    counts = starts.background_counts("smooth", shape, 10 * apart)
    by, bx = (
        starts.background_basis("smooth", n, np.linspace(0, 1, s))
        for n, s in zip(counts, shape, strict=True)
    )
    return np.einsum("ya,xb->yxab", by, bx).reshape(*shape, -1)


def joint(image, start, shape):
    return tw.fit_columns(image, start, shape=shape)


def report(kind, dose, shape, fitter=joint):
    rows = []
    bound = None
    for seed in range(SEEDS):
        make = getattr(tw.synthetic, kind)
        image, truth = make(SIZE, dose=dose, seed=0, noise_seed=seed)
        start = truth[["y", "x", "sublattice"]].copy(deep=True)
        rng = np.random.default_rng(seed)
        for name in ("y", "x"):
            start[name].values += rng.normal(0, 0.4, start.sizes["column"])
        apart = float(np.median(starts.nearest_distance(truth.y.values, truth.x.values, 1)))
        if bound is None:
            bound = position_bound(truth, SIZE, basis(SIZE, apart), shared=shape == "shared")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows.append((truth, fitter(image, start, shape)))
    for sublattice in (0, 1):
        print_row(kind, dose, shape, sublattice, rows, bound)


def print_row(kind, dose, shape, sublattice, rows, bound):
    of = rows[0][0].sublattice.values == sublattice
    error = np.stack(
        [[(fit[k].values - truth[k].values)[of] for k in ("y", "x")] for truth, fit in rows]
    )
    spread = np.stack([[fit[f"{k}_std"].values[of] for k in ("y", "x")] for _, fit in rows])
    lost = ~(np.hypot(error[:, 0], error[:, 1]) < 3)
    kept = np.broadcast_to(~lost[:, None], error.shape)
    rmse = np.sqrt(np.mean(error[kept] ** 2))
    limit = np.sqrt(np.mean(bound[of] ** 2))
    with np.errstate(all="ignore"):
        pull = (error / spread)[kept]
        height_pull = np.concatenate(
            [
                ((f.amplitude - t.amplitude) / f.amplitude_std).values[of]
                for t, f in rows
                if "amplitude_std" in f
            ]
        )
    pull = pull[np.isfinite(pull)] if np.isfinite(pull).any() else np.full(2, np.nan)
    height_pull = height_pull[np.isfinite(height_pull)]
    height_pull = height_pull if height_pull.size else np.full(2, np.nan)
    ratios = [
        100
        * (
            np.nanmedian([f[k].values[of] for _, f in rows])
            / np.median([t[k].values[of] for t, _ in rows])
            - 1
        )
        for k in ("amplitude", "intensity")
    ]
    print(
        f"{kind:11}{dose:5d} {shape:11}{'strong' if sublattice == 0 else 'weak':11}"
        f"{100 * lost.mean():7.2f}{rmse:9.4f}{limit:9.4f}{rmse / limit:7.3f}"
        f"{pull.mean():10.3f}{pull.std():8.3f}{ratios[0]:9.2f}{ratios[1]:9.2f}"
        f"{height_pull.mean():8.3f}{height_pull.std():6.2f}",
        flush=True,
    )


def one_by_one(image, start, shape):
    """Fit each column by itself in a window of half the neighbour distance, as most tools do."""
    from scipy.optimize import least_squares

    values = image.values.astype(float)
    apart = float(np.median(starts.nearest_distance(start.y.values, start.x.values, 1)))
    half = max(3, round(0.55 * apart))
    found = []
    for y0, x0 in zip(start.y.values, start.x.values, strict=True):
        r, c = round(float(y0)), round(float(x0))
        piece = values[max(r - half, 0) : r + half + 1, max(c - half, 0) : c + half + 1]
        y = np.arange(max(r - half, 0), max(r - half, 0) + piece.shape[0])[:, None]
        x = np.arange(max(c - half, 0), max(c - half, 0) + piece.shape[1])

        def misfit(p, y=y, x=x, piece=piece):
            unit = np.exp(
                -(
                    p[3] * (x - p[2]) ** 2
                    + 2 * p[5] * (x - p[2]) * (y - p[1])
                    + p[4] * (y - p[1]) ** 2
                )
                / 2
            )
            return (p[0] * unit + p[6] - piece).ravel()

        low = piece.min()
        guess = [np.ptp(piece), y0, x0, 0.1, 0.1, 0, low]
        found.append(least_squares(misfit, guess, method="lm", max_nfev=200).x)
    found = np.array(found)
    area = 2 * np.pi / np.sqrt(np.maximum(found[:, 3] * found[:, 4] - found[:, 5] ** 2, 1e-9))
    out = start.copy(deep=True)
    nothing = np.full(len(found), np.nan)
    for name, v in {
        "y": found[:, 1],
        "x": found[:, 2],
        "amplitude": found[:, 0],
        "intensity": found[:, 0] * area,
        "y_std": nothing,
        "x_std": nothing,
        "amplitude_std": nothing,
    }.items():
        out[name] = ("column", v)
    return out


if __name__ == "__main__":
    main()
