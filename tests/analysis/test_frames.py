import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets import synthetic
from temwidgets.analysis.frames import (
    from_original,
    lattice_angle,
    rotate,
    rotate_to_lattice,
    to_original,
)
from temwidgets.analysis.pixels import calibrate
from temwidgets.analysis.preparation import crop


def lone_column(sampling=(0.02, 0.03)):
    blank = tw.make_image(np.zeros((90, 70)), sampling=sampling, origin=(4.0, -1.0))
    site = synthetic.Site(0, 0, 1.0, 0.1, 0.08, 20.0)
    columns = synthetic.lattice_columns(blank, (0.0, 9.0), (9.0, 0.0), [site], shift=(0.21, -0.12))
    return (
        synthetic.render(columns, blank, background=0.5),
        float(columns.y[0]),
        float(columns.x[0]),
    )


def centroid(image):
    """Find the one column: intensity-weighted mean of what stands out."""
    weight = np.clip(image - 0.6, 0, None)
    total = float(weight.sum())
    return float((weight * image.y).sum()) / total, float((weight * image.x).sum()) / total


@given(st.floats(-180, 180), st.sampled_from(["inside", "same", "all"]))
@settings(max_examples=30, deadline=None)
def test_a_column_is_found_at_the_same_place_after_crop_and_rotation(angle, extent):
    image, y, x = lone_column()
    cut = crop(image, y=(4.4, 5.7), x=(-0.7, 0.6))
    turned = rotate(cut, angle, extent=extent, fill=0.5)
    again = crop(turned, y=(float(turned.y[1]), None), x=(None, float(turned.x[-2])))
    found = to_original(again, *centroid(again))
    np.testing.assert_allclose(found, (y, x), atol=0.002)
    np.testing.assert_allclose(from_original(again, *found), centroid(again))


def test_two_turns_and_a_calibration_lead_back_too():
    image, y, x = lone_column()
    turned = rotate(crop(rotate(image, 20.0), y=(4.3, 5.6)), -50.0)
    assert turned.attrs["rotation"] == pytest.approx(-30.0)
    np.testing.assert_allclose(to_original(turned, *centroid(turned)), (y, x), atol=0.002)
    stretched = calibrate(turned, sampling=(0.01, 0.04))
    np.testing.assert_allclose(to_original(stretched, *centroid(stretched)), (y, x), atol=0.002)


def test_rows_turn_from_x_towards_y():
    image, truth = synthetic.hexagonal((128, 128), dose=None, rotation=0.0)
    assert lattice_angle(rotate(image, 10.0)) == pytest.approx(10.0, abs=0.1)
    y, x = from_original(rotate(image, 10.0), truth.y, truth.x)
    row = truth.n_b.values == 0
    slope = np.polyfit(x[row], y[row], 1)[0]
    assert np.rad2deg(np.arctan(slope)) == pytest.approx(10.0, abs=1e-6)


@pytest.mark.parametrize("angle", [0.0, 3.0, 45.0, 90.0, 137.0, -90.0, 180.0])
def test_inside_has_no_empty_pixel_and_loses_none_for_nothing(angle):
    image = tw.make_image(np.ones((60, 100)), sampling=(0.02, 0.03), origin=(1.0, 2.0))
    turned = rotate(image, angle)
    assert np.isfinite(turned.values).all()
    rim = rotate(image, angle, extent="all")
    finite = np.isfinite(rim.values)
    if angle % 90 == 0:
        assert finite.all()
    area = turned.size * 0.02**2
    assert area > 0.15 * image.size * 0.02 * 0.03
    assert finite.sum() * 0.02**2 == pytest.approx(59 * 99 * 0.02 * 0.03, rel=0.05)
    np.testing.assert_allclose(turned.values, 1.0, rtol=1e-5)


def test_a_quarter_turn_of_square_pixels_only_moves_them():
    values = np.arange(12.0).reshape(3, 4)
    turned = rotate(tw.make_image(values), 90.0)
    np.testing.assert_allclose(turned.values, np.rot90(values, -1), atol=1e-6)


def test_stacks_turn_frame_by_frame_and_attributes_stay():
    stack = tw.examples.load("drift_series").isel(frame=slice(1, 3), y=slice(60), x=slice(50))
    turned = rotate(stack, 5.0)
    assert turned.dims == ("frame", "y", "x")
    np.testing.assert_array_equal(turned.frame, stack.frame)
    one = rotate(stack.isel(frame=1, drop=True), 5.0)
    np.testing.assert_array_equal(turned.isel(frame=1).values, one.values)
    assert stack.attrs.items() <= turned.attrs.items()
    assert turned.y.attrs["units"] == "nm"


@pytest.mark.parametrize("angle", [-31.0, 3.0, 20.0, 88.0])
@pytest.mark.parametrize("name", ["perovskite", "hexagonal", "honeycomb"])
def test_lattice_angle_on_non_square_pixels(name, angle):
    image, _ = getattr(synthetic, name)((220, 260), rotation=angle, sampling=(0.02, 0.025))
    step = 90.0 if name == "perovskite" else 60.0
    off = (lattice_angle(image) - angle - (30.0 if name == "honeycomb" else 0.0)) % step
    if name == "honeycomb":  # rows of its lattice run along a, which the maker lays along x
        off = (off + 30.0) % step
    assert min(off, step - off) < 0.15


def test_near_chooses_among_rows():
    image, _ = synthetic.hexagonal((200, 200), rotation=5.0)
    assert lattice_angle(image, near=70.0) == pytest.approx(65.0, abs=0.1)
    assert lattice_angle(image, near=-60.0) == pytest.approx(-55.0, abs=0.1)


def test_rotate_to_lattice_lays_rows_along_an_axis():
    image = tw.examples.load("ti_wse2")
    assert lattice_angle(rotate_to_lattice(image)) == pytest.approx(0.0, abs=0.2)
    along_y = rotate_to_lattice(image, to=90.0)
    assert abs(lattice_angle(along_y, near=90.0)) == pytest.approx(90.0, abs=0.2)


def test_mapping_is_the_identity_for_an_image_as_read():
    image = tw.make_image(np.zeros((4, 5)))
    y, x = to_original(image, [1.0, 2.0], 3.0)
    np.testing.assert_array_equal([y, x], [[1, 2], [3, 3]])


def test_sentences():
    image = tw.make_image(np.zeros((20, 20)))
    with pytest.raises(ValueError, match="No lattice stands out"):
        rotate_to_lattice(image)
    with pytest.raises(ValueError, match="NaN or infinite"):
        rotate(image.where(image.y > 3), 5.0)
    with pytest.raises(ValueError, match="number of degrees"):
        rotate(image, np.inf)
    with pytest.raises(ValueError, match='extent is "inside"'):
        rotate(image, 5.0, extent="valid")
