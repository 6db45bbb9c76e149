import numpy as np
import pytest

import temwidgets as tw
from temwidgets import synthetic


@pytest.fixture(scope="module")
def crystal():
    image, truth = synthetic.perovskite(
        (120, 150),
        dose=None,
        background=0.0,
        displacement=lambda y, x: (0.2 + 0 * y, 0.1 * x / 150),
    )
    truth = truth.assign(y_std=truth.y * 0 + 0.03, x_std=truth.x * 0 + 0.04)
    truth.attrs["separation"] = 11.3
    return image, truth


def drawn(columns, image):
    return synthetic.render(columns, image)


def test_columns_drawn_in_the_new_frame_are_the_new_image(crystal):
    image, truth = crystal
    turned = tw.crop(tw.rotate(tw.crop(image, y=(8, 110)), 33.0), x=(30, 110))
    carried = tw.carry_columns(truth, image, turned)
    difference = drawn(carried, turned) - turned
    assert float(abs(difference).max()) < 0.02 * float(turned.max())
    np.testing.assert_array_equal(carried.column, truth.column)


def test_there_and_back_is_the_identity(crystal):
    image, truth = crystal
    turned = tw.calibrate(tw.rotate(image, -71.0), sampling=0.02)
    there = tw.carry_columns(truth.drop_vars(["y_std", "x_std"]), image, turned)
    back = tw.carry_columns(there, turned, image)
    for name in back.data_vars:
        np.testing.assert_allclose(back[name], truth[name], atol=1e-9)
        assert back[name].attrs == truth[name].attrs
    assert back.attrs["separation"] == pytest.approx(11.3)


def test_calibration_changes_units_lengths_and_areas(crystal):
    image, truth = crystal
    calibrated = tw.calibrate(image, sampling=0.02)
    carried = tw.carry_columns(truth, image, calibrated)
    np.testing.assert_allclose(carried.sigma_major, 0.02 * truth.sigma_major)
    np.testing.assert_allclose(carried.intensity, 0.02**2 * truth.intensity)
    np.testing.assert_allclose(carried.y_std, 0.02 * truth.y_std)
    np.testing.assert_allclose(carried.amplitude, truth.amplitude)
    assert carried.x.attrs["units"] == "nm"
    assert carried.intensity.attrs["units"] == "counts nm²"
    assert carried.attrs["separation"] == pytest.approx(0.226)
    assert truth.x.attrs["units"] == "px"


def test_a_quarter_turn_swaps_errors_and_displacements(crystal):
    image, truth = crystal
    carried = tw.carry_columns(truth, image, tw.rotate(image, 90.0))
    np.testing.assert_allclose(carried.y_std, 0.04)
    np.testing.assert_allclose(carried.x_std, 0.03)
    moved, before = carried.displacement, truth.displacement
    np.testing.assert_allclose(moved.sel(component="y"), before.sel(component="x"), atol=1e-12)
    np.testing.assert_allclose(moved.sel(component="x"), -before.sel(component="y"), atol=1e-12)


@pytest.fixture(scope="module")
def fitted():
    image, truth = synthetic.perovskite((96, 96), dose=500, displacement=None, seed=3)
    start = truth[["y", "x", "sublattice"]]
    return image, tw.fit_columns(image, start, fixed={"y": truth["column"].values == 7})


def test_a_fit_can_be_drawn_after_a_calibration(fitted):
    image, columns = fitted
    calibrated = tw.crop(tw.calibrate(image, sampling=0.02), y=(0.4, None))
    carried = tw.carry_columns(columns, image, calibrated)
    model = tw.model_image(columns, image)[20:]
    np.testing.assert_allclose(tw.model_image(carried, calibrated), model, rtol=1e-5)
    for name in ("intensity", "shape_yy", "shape_yy_std", "yx_covariance"):
        assert "nm²" in carried[name].attrs["units"]
    np.testing.assert_allclose(carried["shape_xx_std"], 0.02**2 * columns["shape_xx_std"])
    # a fixed y leaves the error of x alone
    np.testing.assert_allclose(carried["x_std"], 0.02 * columns["x_std"])
    assert np.isnan(carried["y_std"].sel(column=7))
    assert np.isnan(carried["y_std"]).sum() == 1


def test_shapes_and_errors_turn_with_the_image(fitted):
    image, columns = fitted
    there = tw.carry_columns(columns, image, tw.rotate(image, 30.0))
    form = there["sigma_major"], there["sigma_minor"], np.deg2rad(there["theta"])
    major, minor, angle = (values.values for values in form)
    yy = (major * np.sin(angle)) ** 2 + (minor * np.cos(angle)) ** 2
    yx = (major**2 - minor**2) * np.sin(angle) * np.cos(angle)
    np.testing.assert_allclose(there["shape_yy"], yy, rtol=1e-6)
    np.testing.assert_allclose(there["shape_yx"], yx, atol=1e-6)
    # the turn leaves the sum of both variances as it was
    before, after = (c["y_std"] ** 2 + c["x_std"] ** 2 for c in (columns, there))
    np.testing.assert_allclose(after, before)
    assert "background_spline" not in there
    with pytest.raises(ValueError, match="Fit them first"):
        tw.model_image(there, image)


def test_sentences(crystal):
    image, truth = crystal
    stretched = tw.calibrate(image, sampling=(0.02, 0.03))
    with pytest.raises(ValueError, match="stretched y and x differently"):
        tw.carry_columns(truth, image, stretched)
    with pytest.raises(ValueError, match="columns are in px, but source is in nm"):
        tw.carry_columns(truth, stretched, image)


def test_a_turn_drops_what_was_derived_from_displacements(crystal):
    image, truth = crystal
    derived = ["displacement_magnitude", "displacement_direction_std", "e_xx", "rotation_std"]
    measured = truth.assign(dict.fromkeys(derived, truth.y * 0 + 1))
    turned = tw.carry_columns(measured, image, tw.rotate(image, 20.0))
    assert not set(derived) & set(turned)
    cropped = tw.carry_columns(measured, image, tw.crop(image, y=(8, 110)))
    assert set(derived) <= set(cropped)
