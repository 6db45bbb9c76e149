"""Displacement and strain against truth, and against the errors propagated from the fit.

Neighbours share columns, so that the ratio of strain of one image scatters by about 2.5 %, and the
mean of three by 1.5 %.

Run apart from the test suite: ``python tests/benchmarks/displacement.py``.
"""

import os
import platform
import time
import warnings
from importlib.metadata import version

import numpy as np

import temwidgets as tw
from temwidgets.analysis.lattice_data import cell_indices

SIZE = (1024, 1024)
SPACING = 16.0
WALL = 220.0  # px between domain walls
POLAR = 0.6  # px
STRAIN = 0.02
DOSES = (50, 200, 2000)
SEEDS = 3
COLUMNS = 32_000
COMPONENTS = ("e_xx", "e_yy", "e_xy", "rotation", "dilatation")


def main():
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    made = {dose: [crystal(dose, 100 * dose + seed) for seed in range(SEEDS)] for dose in DOSES}
    count = made[DOSES[0]][0][0].sizes["column"]
    print(f"perovskite, {SEEDS} images of {SIZE[0]} x {SIZE[1]} px a dose, {count} columns each;")
    print(f"polar displacement +-{POLAR} px, {WALL:g} px wide domains, strain up to {STRAIN:.0%}")
    print(
        f"{'dose':>5} {'reference':11}{'columns':>8}{'rmse px':>9}{'propagated':>11}{'ratio':>7}"
        f"{'pull sd':>8}{'bias up px':>11}{'bias down':>10}{'gain-1 %':>9}"
    )
    for dose, images in made.items():
        for reference in ("neighbours", "lattice", "site"):
            print_displacement(dose, reference, images)
    print(
        f"{'dose':>5} {'strain':11}{'columns':>8}{'rmse':>9}{'propagated':>11}{'ratio':>7}"
        f"{'pull sd':>8}{'bias':>11}{'its error':>10}"
    )
    for dose, images in made.items():
        for component in COMPONENTS:
            print_strain(dose, component, images)
    print_times()


def lattice(size=SIZE):
    turn = np.deg2rad(3.0)
    sin, cos = SPACING * np.sin(turn), SPACING * np.cos(turn)
    middle = [(n - 1) / 2 + part * SPACING for n, part in zip(size, (0.21, 0.13), strict=True)]
    return tw.make_lattice(
        (sin, cos), (cos, -sin), origin=middle, sites=((0, 0), (0.5, 0.5)), units="px"
    )


def polar(y, x):
    """Displacement of the weak site: domains up and down, and a slow wave along x."""
    n_a, _ = cell_indices(lattice(), y, x)
    weak = np.abs((n_a % 1) - 0.5) < 0.25
    up = np.where(np.floor(x / WALL) % 2 == 0, 1.0, -1.0)
    return weak * POLAR * up, weak * 0.2 * np.sin(2 * np.pi * y / 500)


def smooth(y, x):
    """Displacement of everything, and its gradient ((yy, yx), (xy, xx))."""
    k = 2 * np.pi / 2000
    size = STRAIN / k
    gradient = np.empty((*np.shape(y), 2, 2))
    gradient[..., 0, 0] = STRAIN * np.cos(k * y)
    gradient[..., 0, 1] = 0.4 * STRAIN * np.cos(k * x)
    gradient[..., 1, 0] = -0.5 * STRAIN * np.sin(k * y)
    gradient[..., 1, 1] = -0.7 * STRAIN * np.sin(k * x)
    moved = (
        size * (np.sin(k * y) + 0.4 * np.sin(k * x)),
        size * (0.5 * np.cos(k * y) + 0.7 * np.cos(k * x)),
    )
    return moved, gradient


def field(y, x):
    polar_y, polar_x = polar(y, x)
    (smooth_y, smooth_x), _ = smooth(y, x)
    return polar_y + smooth_y, polar_x + smooth_x


def crystal(dose, seed):
    image, truth = tw.synthetic.perovskite(
        SIZE, separation=SPACING, dose=dose, displacement=field, noise_seed=seed
    )
    start = truth[["y", "x", "sublattice", "n_a", "n_b", "displacement"]].copy(deep=True)
    rng = np.random.default_rng(seed)
    for name in ("y", "x"):
        start[name].values += rng.normal(0, 0.4, start.sizes["column"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = tw.fit_columns(image, start, shape="shared" if dose < 100 else "elliptical")
    return truth, fitted


def vectors(columns, reference):
    return tw.displacements(columns, lattice(), reference=reference)


def print_displacement(dose, reference, images):
    rows = []
    for truth, fitted in images:
        true, found = vectors(truth, reference), vectors(fitted, reference)
        at = np.column_stack([truth.y.values, truth.x.values]) - truth.displacement.values
        imposed = polar(*at.T)[0]
        error = (found.displacement - true.displacement).values
        spread = found.displacement_std.values
        kept = np.isfinite(error).all(1) & np.isfinite(spread).all(1) & (imposed != 0)
        rows.append(
            [
                a[kept]
                for a in (error, spread, imposed, *(d.displacement.values for d in (true, found)))
            ]
        )
    error, spread, imposed, true, found = (np.concatenate(part) for part in zip(*rows, strict=True))
    rmse, limit = np.sqrt(np.mean(error**2)), np.sqrt(np.mean(spread**2))
    bias = [error[side, 0].mean() for side in (imposed > 0, imposed < 0)]
    gain = np.polyfit(true[:, 0], found[:, 0], 1)[0]
    print(
        f"{dose:5d} {reference:11}{len(error):8d}{rmse:9.4f}{limit:11.4f}{rmse / limit:7.3f}"
        f"{(error / spread).std():8.3f}{bias[0]:11.4f}{bias[1]:10.4f}{100 * (gain - 1):9.2f}",
        flush=True,
    )


def true_strain(truth):
    """Strain of the smooth field at the ideal places, by polar decomposition (scipy)."""
    from scipy.linalg import polar as decompose

    at = np.column_stack([truth.y.values, truth.x.values]) - truth.displacement.values
    _, gradient = smooth(*at.T)
    rows = []
    for matrix in gradient + np.eye(2):
        turn, stretch = decompose(matrix)
        angle = np.rad2deg(np.arctan2(turn[0, 1], turn[0, 0]))
        e_yy, e_xx, e_xy = stretch[0, 0] - 1, stretch[1, 1] - 1, stretch[0, 1]
        rows.append((e_xx, e_yy, e_xy, angle, e_xx + e_yy))
    return dict(zip(COMPONENTS, np.array(rows).T, strict=True))


def print_strain(dose, component, images):
    rows = []
    for truth, fitted in images:
        found = tw.column_strain(fitted, lattice())
        error = found[component].values - true_strain(truth)[component]
        spread = found[f"{component}_std"].values
        # the strong site: the polar displacement of the weak one is a jump at every wall
        kept = np.isfinite(error) & np.isfinite(spread) & (truth.sublattice.values == 0)
        rows.append((error[kept], spread[kept]))
    error, spread = (np.concatenate(part) for part in zip(*rows, strict=True))
    rmse, limit = np.sqrt(np.mean(error**2)), np.sqrt(np.mean(spread**2))
    print(
        f"{dose:5d} {component:11}{error.size:8d}{rmse:9.5f}{limit:11.5f}{rmse / limit:7.3f}"
        f"{(error / spread).std():8.3f}{error.mean():11.6f}{rmse / np.sqrt(error.size):10.6f}",
        flush=True,
    )


def print_times():
    side = int(np.sqrt(COLUMNS / 2) * SPACING)
    image, truth = tw.synthetic.perovskite((side, side), separation=SPACING, dose=None)
    columns = truth.assign(y_std=0 * truth.y + 0.1, x_std=0 * truth.x + 0.1)
    cell = lattice((side, side))
    steps = {
        "displacements, lattice": lambda: tw.displacements(columns, cell),
        "displacements, neighbours": lambda: vectors_of_time(columns, cell),
        "displacements, no lattice": lambda: vectors_of_time(columns, None),
        "column_strain": lambda: tw.column_strain(columns, cell),
        "neighbour_distances": lambda: tw.neighbour_distances(columns, cell),
        "neighbour_angles": lambda: tw.neighbour_angles(columns, cell),
        "profile": lambda: tw.profile(columns, "intensity", cell),
        "strain_map": lambda: tw.strain_map(columns, image, variables="intensity"),
    }
    print(f"{truth.sizes['column']} columns, {side} x {side} px")
    for name, step in steps.items():
        step()
        start = time.perf_counter()
        step()
        print(f"{name:28}{1000 * (time.perf_counter() - start):8.0f} ms", flush=True)


def vectors_of_time(columns, cell):
    return tw.displacements(columns, cell, reference="neighbours")


if __name__ == "__main__":
    main()
