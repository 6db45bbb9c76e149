import numpy as np
import pytest

from temwidgets import synthetic
from temwidgets.conventions import make_image
from temwidgets.synthetic import Site, lattice_columns, plane, render, waves

BLANK = make_image(np.zeros((60, 90)), sampling=(0.02, 0.03), origin=(5.0, -2.0))
SITE = Site(0.25, 0.5, 1.0, 0.08, 0.05, 30.0)


@pytest.fixture
def columns():
    return lattice_columns(BLANK, (0.0, 0.3), (0.25, 0.0), [SITE])


def test_pixels_hold_the_gaussians_in_lengths(columns):
    image = render(columns, BLANK)
    dy = BLANK.y.values[:, None, None] - columns.y.values
    dx = BLANK.x.values[None, :, None] - columns.x.values
    angle = np.deg2rad(columns.theta.values)
    along = dx * np.cos(angle) + dy * np.sin(angle)
    across = dy * np.cos(angle) - dx * np.sin(angle)
    expected = np.exp(-0.5 * ((along / 0.08) ** 2 + (across / 0.05) ** 2)).sum(-1)
    np.testing.assert_allclose(image, expected, atol=1e-5)
    assert image.attrs["units"] == "counts"
    assert image.dtype == np.float32


def test_the_integral_is_intensity(columns):
    one = columns.isel(column=[int((abs(columns.y - 5.6) + abs(columns.x + 0.7)).values.argmin())])
    image = render(one, BLANK)
    assert float(image.sum()) * 0.02 * 0.03 == pytest.approx(float(one.intensity.sum()), rel=1e-4)


def test_backgrounds_are_functions_of_lengths(columns):
    bare = render(columns, BLANK)
    tilted = render(columns, BLANK, background=plane(2.0, (0.1, -0.2)))
    expected = 2.0 + 0.1 * BLANK.y - 0.2 * BLANK.x
    np.testing.assert_allclose(tilted - bare, expected, atol=1e-5)
    smooth = render(columns, BLANK, background=waves(1.0, 0.2, 2.0)) - bare
    assert float(abs(smooth - 1.0).max()) <= 0.2 + 1e-5


def test_dose_gain_and_detector_noise_set_mean_and_variance(columns):
    none = columns.isel(column=[])
    flat = make_image(np.zeros((300, 300)))
    image = render(none, flat, background=2.0, dose=50.0, gain=3.0, detector_noise=10.0, seed=1)
    assert float(image.mean()) == pytest.approx(300.0, rel=0.003)
    assert float(image.var()) == pytest.approx(9 * 100 + 100, rel=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dose": 0.0}, "dose is a number of counts"),
        ({"gain": -1.0}, "gain must be positive"),
        ({"detector_noise": -1.0}, "detector_noise not negative"),
        ({"dose": 10.0, "background": -3.0}, "cannot be negative"),
    ],
)
def test_bad_arguments_get_a_sentence(columns, options, message):
    with pytest.raises(ValueError, match=message):
        render(columns, BLANK, **options)


def test_columns_without_shape_are_refused(columns):
    with pytest.raises(ValueError, match="sigma_major"):
        render(columns.drop_vars("sigma_major"), BLANK)


def test_package_offers_it():
    assert synthetic.render is render
