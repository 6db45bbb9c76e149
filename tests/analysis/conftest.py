"""Images that several tests of this folder look at."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.lattice_data import site_points as tw_points
from temwidgets.synthetic import Site, lattice_image, perovskite


@pytest.fixture
def image():
    """An image of counts on non-square pixels away from the origin, no lattice."""
    values = np.random.default_rng(0).poisson(50.0, (40, 60))
    return tw.make_image(
        values, sampling=(0.02, 0.03), origin=(5.0, -1.0), attrs={"detector": "HAADF"}
    )


@pytest.fixture
def stack():
    """Three frames whose levels differ by one."""
    values = np.random.default_rng(0).normal(size=(3, 12, 10)) + np.arange(3)[:, None, None]
    return tw.make_image(values, sampling=0.1, attrs={"detector": "HAADF"})


@pytest.fixture(scope="module")
def world():
    """A perovskite on non-square pixels away from the origin, and its truth."""
    return perovskite(
        (128, 112),
        separation=0.36,
        sampling=(0.02, 0.025),
        origin=(2.0, -1.0),
        dose=200,
        background=0.2,
        sigma_spread=0.0,
    )


@pytest.fixture(scope="session")
def make_crystal():
    """A maker of numbered columns of an oblique two-site lattice, and that lattice."""

    def make(cells=(12, 10), *, units="nm", noise=0.0, affine=((1, 0), (0, 1)), seed=0, std=0.004):
        lattice = tw.make_lattice(
            (0.40, 0.03),
            (-0.02, 0.37),
            origin=(5.0, -2.0),
            sites=((0, 0), (0.5, 0.5)),
            names=("A", "B"),
            units=units,
        )
        n_a, n_b, site = (
            part.ravel() for part in np.meshgrid(*map(np.arange, (*cells, 2)), indexing="ij")
        )
        points = np.column_stack(tw_points(lattice, n_a, n_b, site)) @ np.array(affine, float).T
        points += np.random.default_rng(seed).normal(0, 1, points.shape) * noise
        columns = tw.make_columns(*points.T, units=units)
        columns["sublattice"] = ("column", site.copy(), {"names": ["A", "B"]})
        for name, values in {
            "n_a": n_a.astype(float),
            "n_b": n_b.astype(float),
            "site": site,
        }.items():
            columns[name] = ("column", values)
        for name in ("y_std", "x_std"):
            columns[name] = ("column", np.full(n_a.size, std), {"units": units})
        return columns, lattice

    return make


@pytest.fixture(scope="session")
def faint_crystal():
    """Make crystals with a faint third site, turned, on non-square pixels away from the origin.

    Each comes with its truth, its strong columns with cell and site, and a lattice that has the
    strong sites only.
    """
    step = 0.02
    sites = (
        Site(0.1, 0.05, 1.0, 2.5 * step, 2.2 * step, 20),
        Site(0.6, 0.55, 0.45, 2.5 * step),
        Site(0.6, 0.05, 0.1, 2.3 * step),
    )
    a, b, angle = (16 * step, 0.0), (step, 15 * step), np.deg2rad(11)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def make(shape=(200, 180), **options):
        given = {"rotation": 11.0, "sampling": (step, 1.25 * step), "origin": (3, -2)}
        image, truth = lattice_image(shape, a, b, sites, background=0.2, **given, **options)
        middle = [float(image[k].values[[0, -1]].mean()) for k in "yx"]
        lattice = tw.make_lattice(
            *(np.array([a, b]) @ turn), origin=middle, sites=[(s.a, s.b) for s in sites[:2]]
        )
        kept = truth.isel(column=truth["sublattice"].values < 2)
        return image, truth, kept.assign(site=kept["sublattice"]), lattice

    make.sites = sites
    return make
