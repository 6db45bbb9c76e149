"""How well and how fast columns are found: ``python tests/benchmarks/finding.py``.

Synthetic images with known truth. SNR is the height of the weakest kind of column over the
standard deviation of the noise of one pixel; a column counts when it is found within 0.35 of the
distance to its neighbour. Columns whose centre lies within the image count, the border included.
"""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version

import numpy as np

import temwidgets as tw
from temwidgets.synthetic import Site, crowded, lattice_image, perovskite, plane

HEADER = (
    f"{'image':44} {'columns':>7} {'recall %':>8} {'false %':>8} {'F1':>7} {'rmse px':>8} {'s':>6}"
)


def lattice(kind, separation, sigma, snr, *, vacancies=0.0, seed=0):
    """Return an image on a sloping background and its truth."""
    d, root = separation, np.sqrt(3)
    weak = 0.45 if kind == "perovskite" else 1.0
    column = {"height": 1.0, "sigma_major": sigma * d}
    site = Site(**column)
    a, b, sites = {
        "square": ((0, d), (d, 0), [site]),
        "hexagonal": ((0, d), (d * root / 2, -d / 2), [site]),
        "honeycomb": (
            (0, d * root),
            (d * 1.5, -d * root / 2),
            [Site(1 / 3, 2 / 3, **column), Site(2 / 3, 1 / 3, **column)],
        ),
        "perovskite": (
            (0, d * np.sqrt(2)),
            (d * np.sqrt(2), 0),
            [site, Site(0.5, 0.5, height=weak, sigma_major=sigma * d)],
        ),
    }[kind]
    return lattice_image(
        (512, 480) if d < 40 else (1024, 960),
        a,
        b,
        sites,
        background=plane(1.0, (2.0 / 512, 1.5 / 512)),
        detector_noise=weak / snr,
        rotation=7.0,
        jitter=0.02 * d,
        amplitude_spread=0.05,
        vacancies=vacancies,
        margin=-0.49,
        seed=seed,
    )


def row(name, image, true, separation):
    """Print one line of the table."""
    tw.find_columns(image)
    start = time.perf_counter()
    found = tw.find_columns(image)
    seconds = time.perf_counter() - start
    s = tw.score_columns(found, true, radius=0.35 * separation)
    numbers = (
        f"{100 * float(s.recall):8.2f} {100 * (1 - float(s.precision)):8.2f} {float(s.f1):7.4f}"
    )
    count = true.sizes["column"]
    print(f"{name:44} {count:7d} {numbers} {float(s.rmse):8.3f} {seconds:6.2f}", flush=True)


def main():
    """Print the tables."""
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "xarray"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages, "\n", sep="")
    print("Target: recall >= 99.5 %, false <= 0.1 %\n" + HEADER)
    for dose in (20, 200, 2000):
        row(f"perovskite, dose {dose}", *perovskite(dose=dose), 11.3)
    row("perovskite 2048 x 2048, dose 200", *perovskite((2048, 2048)), 11.3)
    print("\nNeighbours whose tails merge (7.8 px apart, sigma 3 px)\n" + HEADER)
    for dose in (20, 200, 2000):
        row(f"crowded, dose {dose}", *crowded(dose=dose), 7.8)
    print("\nTarget: F1 >= 0.98 with default arguments\n" + HEADER)
    for kind in ("square", "hexagonal", "honeycomb", "perovskite"):
        for separation in (8, 16, 30, 60):
            for sigma in (0.15, 0.2, 0.27):
                name = f"{kind}, {separation} px, sigma {sigma:g} of it, SNR 2"
                row(name, *lattice(kind, separation, sigma, 2), separation)
    print("\n5 % vacancies\n" + HEADER)
    for snr in (2, 4, 8):
        row(f"hexagonal, 12 px, SNR {snr}", *lattice("hexagonal", 12, 0.2, snr, vacancies=0.05), 12)


if __name__ == "__main__":
    main()
