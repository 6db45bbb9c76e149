"""Indexing of a spoilt crystal, and speed: ``python tests/benchmarks/lattice.py``."""

import os
import platform
import time
from importlib.metadata import version

import numpy as np

import temwidgets as tw

TRIALS = 10


def main():
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "xarray"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    print("indexing, 1024 x 1024: 5 % vacancies, 3 % strain, rows 1 px off at random, 0.3 px noise")
    for kind in ("perovskite", "hexagonal", "honeycomb"):
        truth = getattr(tw.synthetic, kind)((1024, 1024), dose=None)[1]
        wrong = total = 0
        for seed in range(TRIALS):
            columns, kept = spoilt(truth, seed)
            indexed = tw.index_columns(columns, tw.fit_lattice(columns))
            wrong += (~right(indexed, kept)).sum()
            total += kept.sizes["column"]
        print(f"  {kind:12}{total:8,} columns   right {100 * (1 - wrong / total):8.3f} %")
    speed()


def spoilt(truth, seed):
    rng = np.random.default_rng(seed)
    kept = truth.isel(column=rng.random(truth.sizes["column"]) > 0.05)
    y, x = kept["y"].values, kept["x"].values
    rows = rng.standard_normal(3000)[np.rint(y).astype(int) + 100]
    places = (0.97 * y + 3 * np.sin(x / 90), 1.03 * (x + rows))
    columns = tw.make_columns(*(p + rng.normal(0, 0.3, p.size) for p in places), units="px")
    columns["amplitude"] = ("column", kept["amplitude"].values * rng.normal(1, 0.05, y.size))
    return columns, kept


def right(indexed, truth):
    """Cells as in the truth, but for the choice of vectors and of the first cell."""
    found = np.column_stack([indexed["n_a"], indexed["n_b"]])
    true = np.column_stack([truth["n_a"], truth["n_b"], np.ones(truth.sizes["column"])])
    good = np.zeros(len(found), bool)
    for kind in np.unique(truth["sublattice"]):
        of = np.flatnonzero((truth["sublattice"].values == kind) & np.isfinite(found).all(axis=1))
        used = of
        for _ in range(4):
            change = np.linalg.lstsq(true[used], found[used], rcond=None)[0]
            off = abs(true[of] @ change - found[of]).max(axis=1)
            used = of[off < max(0.5, np.median(off))]
        good[of] = (true[of] @ np.rint(change) == found[of]).all(axis=1)
    return good


def speed():
    truth = tw.synthetic.perovskite((2048, 2048), dose=None)[1]
    columns, _ = spoilt(truth, 0)
    print(f"{columns.sizes['column']:,} columns in 2048 x 2048")
    for trial in ("first", "second"):
        start = time.perf_counter()
        lattice = tw.fit_lattice(columns)
        found = time.perf_counter()
        indexed = tw.index_columns(columns, lattice)
        done = time.perf_counter()
        tw.displacements(indexed, lattice)
        end = time.perf_counter()
        print(
            f"  {trial:7} lattice {found - start:.2f} s, indices {done - found:.2f} s,"
            f" displacements {end - done:.2f} s, together {end - start:.2f} s"
        )


if __name__ == "__main__":
    main()
