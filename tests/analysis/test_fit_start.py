import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis import fit_start
from temwidgets.analysis.fit_results import physical
from temwidgets.conventions import PixelGrid, Sampling, pixel_grid
from temwidgets.synthetic import perovskite

PLAIN = {
    "shape": "elliptical",
    "background": "smooth",
    "background_scale": None,
    "fixed": {},
    "bounds": {},
    "max_shift": None,
}

OBLONG = PixelGrid((9, 9), Sampling(0.0, 0.0), Sampling(0.02, 0.025), "nm")


@pytest.fixture(scope="module")
def world():
    return perovskite((64, 80), sampling=(0.02, 0.025), origin=(2.0, -1.0), separation=0.36)


def start_of(world, **options):
    image, true = world
    values = np.asarray(image.values, np.float32)
    return fit_start.make_start(true, pixel_grid(image), values, **{**PLAIN, **options})


def found(start):
    """The parameters of a fit that ended at its start."""
    columns = [start.heights, start.rows, start.cols, *start.shapes[start.shape_of].T]
    return np.stack(columns, axis=1)


def test_known_values_are_the_start(world):
    start, _ = start_of(world)
    np.testing.assert_allclose(start.heights, world[1]["amplitude"])
    rows, cols = pixel_grid(world[0]).to_pixels(world[1]["y"], world[1]["x"])
    np.testing.assert_allclose(start.rows, rows)
    np.testing.assert_allclose(start.cols, cols)


def test_a_start_is_brought_within_its_bounds(world):
    start, _ = start_of(world, bounds={"amplitude": (0.0, 120.0), "sigma_major": (0.0, 0.06)})
    assert start.heights.max() == 120
    major = start.shapes[:, 0] + np.hypot(start.shapes[:, 1], start.shapes[:, 2])
    assert major.max() <= start.log_sigma_range[0, 1] + 1e-9


def test_fixed_values_are_not_brought_within_bounds(world):
    held = {"amplitude": np.ones(world[1].sizes["column"], bool)}
    start, _ = start_of(world, bounds={"amplitude": (0.0, 120.0)}, fixed=held)
    np.testing.assert_allclose(start.heights, world[1]["amplitude"])
    assert not start.free[:, 0].any()


def test_shared_shapes_have_a_row_a_sublattice(world):
    start, _ = start_of(world, shape="shared")
    assert start.shapes.shape == (2, 3)
    np.testing.assert_array_equal(start.shape_of, world[1]["sublattice"])


def test_round_shapes_have_one_free_number(world):
    start, _ = start_of(world, shape="round")
    _, _, _, major, minor, *_ = physical(found(start), pixel_grid(world[0])).T
    np.testing.assert_allclose(major, minor)
    assert start.free_shape.sum(axis=1).tolist() == [1] * len(start.shapes)


def test_round_shapes_stay_round_at_their_bounds(world):
    grid = pixel_grid(world[0])
    for bounds, sigma in (
        ({"sigma_major": (0.0, 0.05)}, 0.05),
        ({"sigma_minor": (0.08, np.inf)}, 0.08),
    ):
        start, _ = start_of(world, shape="round", bounds=bounds)
        _, _, _, major, minor, *_ = physical(found(start), grid).T
        np.testing.assert_allclose(major, minor)
        np.testing.assert_allclose(major, sigma)


@given(
    shape=st.tuples(st.floats(-0.5, 1.5), st.floats(-0.7, 0.7), st.floats(-0.7, 0.7)),
    high=st.floats(0.05, 0.1),
)
def test_no_shape_within_the_range_is_beyond_its_bounds(shape, high):
    bounds = {"sigma_major": (0.03, high), "sigma_minor": (0.028, np.inf)}
    limits = fit_start._log_sigma_range(bounds, 2.5, 12, OBLONG, "elliptical")
    clipped = fit_start._clipped(np.array([shape]), limits)[0]
    _, _, _, major, minor, *_ = physical(np.array([[1.0, 0.0, 0.0, *clipped]]), OBLONG)[0]
    assert 0.03 - 1e-9 < major < high + 1e-9
    assert minor > 0.028 - 1e-9


def test_the_greatest_shift_is_given_in_lengths(world):
    start, _ = start_of(world, max_shift=0.05)
    np.testing.assert_allclose(start.max_shift, 0.05 / 0.025)


def test_shapes_survive_non_square_pixels(world):
    image, true = world
    columns = tw.make_columns(true["y"], true["x"]).assign(
        sigma_major=("column", np.full(true.sizes["column"], 0.075)),
        sigma_minor=("column", np.full(true.sizes["column"], 0.06)),
        theta=("column", np.zeros(true.sizes["column"])),
    )
    shapes = fit_start.start_shapes(columns, pixel_grid(image), 2.0)
    # 3 px along both axes
    np.testing.assert_allclose(shapes, np.tile([np.log(3), 0, 0], (len(shapes), 1)), atol=1e-9)
