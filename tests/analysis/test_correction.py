import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.lattice_data import site_points
from temwidgets.kernels.scan_lines import line_splines, sample_lines

MATRIX = [[1.02, 0.0], [0.03, 0.99]]


@pytest.fixture(scope="module")
def crystal():
    return tw.synthetic.perovskite(
        (120, 140), separation=16, sampling=(1.1, 0.9), origin=(20.0, -50.0), dose=None
    )


@pytest.fixture(scope="module")
def dots():
    """Columns far apart, on non-square pixels."""
    return tw.synthetic.lattice_image(
        (120, 140),
        (0.0, 24.0),
        (24.0, 5.0),
        [tw.synthetic.Site(sigma_major=2.5)],
        sampling=(1.1, 0.9),
        origin=(20.0, -50.0),
        margin=15.0,
        outside=False,
    )


def centre_near(image, y, x):
    """Centre of mass of what lies round a place."""
    near = (abs(image.y - y) < 9) & (abs(image.x - x) < 9)
    weight = image.where(near).fillna(0)
    return [float((weight * image[n]).sum() / weight.sum()) for n in "yx"]


def test_image_and_columns_are_corrected_alike(dots):
    image, truth = dots
    straight = tw.correct_distortion(image, matrix=MATRIX)
    columns = tw.correct_columns(truth, matrix=MATRIX)
    back = np.linalg.inv(MATRIX) @ [truth.y.values, truth.x.values]
    np.testing.assert_allclose([columns.y, columns.x], back)
    assert straight.shape == image.shape
    grid = [float(straight[n][1] - straight[n][0]) for n in "yx"]
    np.testing.assert_allclose(grid, (1.1, 0.9))
    assert columns.sizes["column"] > 5
    for y, x in zip(columns.y.values, columns.x.values, strict=True):
        np.testing.assert_allclose(centre_near(straight, y, x), (y, x), atol=0.02)


def test_the_way_back_is_remembered(crystal):
    image, truth = crystal
    columns = tw.correct_columns(truth, matrix=MATRIX)
    straight = tw.correct_distortion(image, matrix=MATRIX)
    y, x = tw.to_original(straight, columns.y.values, columns.x.values)
    np.testing.assert_allclose([y, x], [truth.y, truth.x])


def test_no_distortion_changes_nothing(crystal):
    image, _ = crystal
    same = tw.correct_distortion(image, matrix=np.eye(2), row_offsets=np.zeros(120))
    np.testing.assert_allclose(same, image, rtol=1e-4)
    xr.testing.assert_allclose(same.y, image.y)


def test_pixels_outside_are_empty_and_stacks_are_taken(crystal):
    image, _ = crystal
    stack = xr.concat([image, image], "frame").assign_coords(frame=[0, 1])
    stack = stack.transpose("frame", "y", "x")
    straight = tw.correct_distortion(
        stack, matrix=[[0.9, 0], [0.1, 1]], row_offsets=np.full(120, 2)
    )
    assert straight.dims == ("frame", "y", "x")
    assert 0.005 < float(straight.isnull().mean()) < 0.3
    filled = tw.correct_distortion(image, matrix=[[0.95, 0], [0.1, 1]], fill=0.0)
    assert (filled == 0).any()


def test_line_offsets_are_taken_off(crystal):
    image, _ = crystal
    offset = np.random.default_rng(0).normal(0, 0.5, 120)
    torn = image.copy(data=sample_lines(line_splines(image.values), -offset / 0.9))
    offset[3] = 0.0
    given = np.where(np.arange(120) == 3, np.nan, offset)
    mended = tw.correct_distortion(torn, row_offsets=given)
    inner = {"y": slice(5, -5), "x": slice(5, -5)}
    left = float(abs(mended - image).isel(inner).max())
    assert left < 0.06 * float(abs(torn - image).isel(inner).max())


def test_errors_are_carried_and_what_is_stale_goes(make_crystal):
    columns, lattice = make_crystal()
    columns["yx_covariance"] = ("column", np.full(240, 3e-6))
    columns = tw.column_strain(tw.displacements(columns, lattice), lattice)
    found = tw.correct_columns(columns, matrix=MATRIX)
    assert not {"displacement", "e_xx", "e_xx_std", "displacement_magnitude"} & set(found)
    inverse = np.linalg.inv(MATRIX)
    covariance = inverse @ [[1.6e-5, 3e-6], [3e-6, 1.6e-5]] @ inverse.T
    np.testing.assert_allclose(found.y_std, np.sqrt(covariance[0, 0]))
    np.testing.assert_allclose(found.x_std, np.sqrt(covariance[1, 1]))
    np.testing.assert_allclose(found.yx_covariance, covariance[0, 1])
    y, x = site_points(lattice, columns.n_a, columns.n_b, columns.site)
    np.testing.assert_allclose(np.array(MATRIX) @ [found.y, found.x], [y, x], atol=1e-12)


def test_columns_follow_slow_line_offsets():
    lines = np.arange(200) * 0.1
    offsets = xr.DataArray(0.02 * lines, coords={"y": lines}, dims="y", attrs={"units": "nm"})
    columns = tw.make_columns([5.0, 10.0], [3.0, 3.0])
    columns["shape_yy"] = ("column", np.array([0.04, np.nan]))
    found = tw.correct_columns(columns, row_offsets=offsets)
    np.testing.assert_allclose(found.x, [3 - 0.1, 3 - 0.2], atol=1e-6)


def test_lines_are_moved_along_y_too(crystal):
    image, truth = crystal
    lines = image.y.values
    drift = 2.0 * np.sin(lines / 25.0)
    rows = (lines - float(lines[0])) / 1.1
    # what was scanned at line y belongs to y - drift
    seen = np.array([np.interp(rows - drift / 1.1, rows, row) for row in image.values.T]).T
    moved = image.copy(data=seen)
    mended = tw.correct_distortion(moved, row_drift=drift)
    inner = {"y": slice(8, -8)}
    left = float(np.sqrt((((mended - image).isel(inner)) ** 2).mean()))
    assert left < 0.05 * float(np.sqrt((((moved - image).isel(inner)) ** 2).mean()))
    assert np.isnan(tw.correct_distortion(image, row_drift=np.full(120, 5.0))[-3:]).all()
    given = xr.DataArray(drift, coords={"y": lines}, dims="y", attrs={"units": "nm"})
    columns = tw.correct_columns(truth, row_drift=given)
    near = np.interp(truth.y, lines, drift)
    np.testing.assert_allclose(columns.y, truth.y - near, atol=0.06)
    np.testing.assert_allclose(columns.x, truth.x)
    with pytest.raises(ValueError, match="lines would be turned over"):
        tw.correct_distortion(image, row_drift=np.where(np.arange(120) % 2, 2.0, -2.0))
    with pytest.raises(ValueError, match="row_drift is one number for each of the 120 lines"):
        tw.correct_distortion(image, row_drift=[1.0])


def test_bad_arguments_are_refused(crystal):
    image, truth = crystal
    for function, data in ((tw.correct_distortion, image), (tw.correct_columns, truth)):
        with pytest.raises(ValueError, match="Nothing to correct"):
            function(data)
        for bad in (np.eye(3), [[1, 0], [0, np.nan]], [[-1, 0], [0, 1]]):
            with pytest.raises(ValueError, match="matrix is 2 x 2 numbers"):
                function(data, matrix=bad)
    with pytest.raises(ValueError, match="one number for each of the 120 lines"):
        tw.correct_distortion(image, row_offsets=[1.0])
    with pytest.raises(TypeError, match="DataArray over y"):
        tw.correct_columns(truth, row_offsets=[1.0])
    wrong = xr.DataArray(np.zeros(3), coords={"y": [0, 1, 2]}, dims="y", attrs={"units": "nm"})
    nm = tw.make_columns([1.0], [1.0], units="px")
    with pytest.raises(ValueError, match="columns are in px, but row_offsets is in nm"):
        tw.correct_columns(nm, row_offsets=wrong)
