"""Hidden order, comparison of sites and vacancies: what is found, and how often by mistake.

Run apart from the test suite: ``python tests/benchmarks/order.py [controls]``.
"""

import os
import platform
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np

import temwidgets as tw

SIZE = (48, 48)
MISSING = 0.05
CONTRAST = 0.10
NOISES = (0.1, 0.15, 0.2, 0.3)
ORDERED = 20
CONTROLS = 1000
LEVEL = 0.001


def main():
    controls = int(sys.argv[1]) if len(sys.argv) > 1 else CONTROLS
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    print_order(controls)
    print_image()
    print_vacancies()
    print_times()


def occupancies(seed, noise, *, contrast, size=SIZE):
    """Numbered columns with a slow wedge; `contrast` of even over odd n_a; 5 % are missing."""
    rng = np.random.default_rng(seed)
    n_a, n_b = np.mgrid[: size[0], : size[1]].reshape(2, -1).astype(float)
    kept = rng.random(n_a.size) >= MISSING
    n_a, n_b = n_a[kept], n_b[kept]
    slow = 0.4 * np.sin(n_a / 11) * n_b / size[1] + 0.2 * n_b / size[1]
    ordered = 1 + contrast / 2 * (-1.0) ** n_a
    if contrast == 0:
        # the same occupancies in random order
        ordered = 1 + CONTRAST / 2 * (-1.0) ** rng.permutation(n_a)
    columns = tw.make_columns(n_a, n_b, units="px")
    columns["n_a"], columns["n_b"] = ("column", n_a), ("column", n_b)
    values = ordered + slow + noise * rng.normal(size=n_a.size)
    columns["intensity"] = ("column", values, {"units": "counts"})
    return columns


def print_order(controls):
    print(
        f"2 x 1 order, {CONTRAST:.0%} contrast, {SIZE[0]} x {SIZE[1]} cells, {MISSING:.0%} missing,"
        f" a wedge over it; {ORDERED} ordered crystals, {controls} disordered controls"
    )
    print("power of both: the strongest peak of all controls, the weakest of the ordered")
    print(
        f"{'noise':>6} {'step/sd':>8} {'single columns told':>20} {'found':>6} {'largest p':>10}"
        f" {'controls p<0.001':>17} {'p<0.05':>7} {'smallest p':>11} {'power of both':>14}"
    )
    for noise in NOISES:
        ordered = [
            tw.order_spectrum(occupancies(s, noise, contrast=CONTRAST)) for s in range(ORDERED)
        ]
        right = [o for o in ordered if (float(o.peak_q_a[0]), float(o.peak_q_b[0])) == (0.5, 0.0)]
        p = np.array([float(o.p_value[0]) for o in ordered])
        power = min(float(o.peak_power[0]) for o in ordered)
        null = [
            tw.order_spectrum(occupancies(10_000 + s, noise, contrast=0.0), permutations=100)
            for s in range(controls)
        ]
        q = np.array([float(o.p_value[0]) for o in null])
        most = max(float(o.peak_power[0]) for o in null)
        # the best threshold tells columns apart this often
        from scipy.stats import norm

        told = norm.cdf(CONTRAST / 2 / noise)
        print(
            f"{noise:6.2f} {CONTRAST / noise:8.2f} {told:20.1%} {len(right):3d}/{ORDERED}"
            f" {p.max():10.1e} {(q < LEVEL).sum():12d}/{controls} {(q < 0.05).mean():7.3f}"
            f" {q.min():11.1e} {most:8.1f}/{power:.1f}",
            flush=True,
        )


def print_image():
    print("the same from an image: fit, lattice from the image, cells numbered, spectrum")
    heights = 1 + CONTRAST / 2, 1 - CONTRAST / 2
    for contrast, pair in ((CONTRAST, heights), (0.0, (1.0, 1.0))):
        sites = [tw.synthetic.Site(0.5 * k, 0, h, 2.8, sublattice=0) for k, h in enumerate(pair)]
        image, truth = tw.synthetic.lattice_image(
            (512, 512),
            (0.0, 28.0),
            (14.0, 0.0),
            sites,
            dose=100.0,
            background=0.2,
            amplitude_spread=0.12,
            seed=5,
        )
        start = truth[["y", "x", "sublattice"]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = tw.fit_columns(image, start, shape="shared")
        columns = tw.index_columns(fitted, tw.fit_lattice(fitted))
        whole = columns.isel(column=(columns.flags.values & int(tw.Flag.cut_by_edge)) == 0)
        for noise in ("white", "smooth"):
            found = tw.order_spectrum(whole, noise=noise)
            place = f"({float(found.peak_q_a[0]):.3f}, {float(found.peak_q_b[0]):.3f})"
            print(
                f"  contrast {contrast:.0%}, {noise} noise: strongest peak at {place},"
                f" log10 p {float(found.log10_p[0]):.1f}, {found.attrs['n_columns']} columns",
                flush=True,
            )


def print_vacancies():
    print("vacancies at a false-discovery rate of 5 %, fitted images of 1,296 columns, 8 a row")
    print(f"{'vacant':>7} {'missing':>8} {'false discoveries':>18} {'power':>6}")
    from temwidgets.synthetic.rendering import render

    site = tw.synthetic.Site(0, 0, 1.0, 2.8)
    for share, depth in ((0.0, 0.0), (0.02, 0.2), (0.05, 0.2), (0.05, 0.3), (0.15, 0.3)):
        rates, powers = [], []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            image, truth = tw.synthetic.lattice_image(
                (504, 504), (0.0, 14.0), (14.0, 0.0), [site], background=0.2, seed=seed, margin=4
            )
            vacant = rng.random(truth.sizes["column"]) < share
            wedge = 1 + 0.3 * np.sin(truth.y.values / 120)
            spread = wedge * (1 + 0.04 * rng.normal(size=vacant.size))
            truth["amplitude"] = truth.amplitude * spread * (1 - depth * vacant)
            noisy = render(truth, image, background=0.2, dose=200.0, seed=seed)
            fitted = tw.fit_columns(noisy, truth[["y", "x", "sublattice"]], shape="shared")
            found = tw.find_vacancies(fitted).vacancy_candidate.values
            rates.append((found & ~vacant).sum() / max(found.sum(), 1))
            powers.append((found & vacant).sum() / max(vacant.sum(), 1))
        print(
            f"{share:7.0%} {depth:8.0%} {np.mean(rates):18.3f} {np.mean(powers):6.2f}", flush=True
        )


def print_times():
    columns = occupancies(0, 0.2, contrast=CONTRAST, size=(180, 180))
    site = columns.assign(site=("column", (columns.n_a.values % 2).astype(int)))
    print(f"{columns.sizes['column']} columns, warm, seconds:")
    for name, call in {
        "order_spectrum": lambda: tw.order_spectrum(columns),
        "correlation": lambda: tw.correlation(columns),
        "compare_sites": lambda: tw.compare_sites(site),
        "find_vacancies": lambda: tw.find_vacancies(columns),
        "count_atoms": lambda: tw.count_atoms(columns),
    }.items():
        start = time.perf_counter()
        call()
        print(f"  {name:15} {time.perf_counter() - start:.2f}", flush=True)


if __name__ == "__main__":
    main()
