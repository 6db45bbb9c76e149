import numpy as np
import pytest

from temwidgets import synthetic
from temwidgets.conventions import check_image

OBLONG = {"sampling": (0.03, 0.04), "origin": (2.0, -1.5)}
MAKERS = ["twin", "two_phases", "amorphous", "polycrystal"]


def mean_wave(image, where, g):
    """Amplitude of the wave g in a region, from its mean with a carrier."""
    y, x = np.meshgrid(image.y, image.x, indexing="ij")
    values = image.values[where] - image.values[where].mean()
    carrier = np.exp(-2j * np.pi * (g[0] * y[where] + g[1] * x[where]))
    return 2 * abs((values * carrier).mean())


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("options", [{}, OBLONG])
def test_image_and_truth_fit_the_conventions(name, options):
    image, truth = getattr(synthetic, name)((121, 160), **options)
    check_image(image, finite=True)
    unit = "nm" if options else "px"
    assert image.y.attrs["units"] == truth.y.attrs["units"] == unit
    assert truth.area.attrs["units"] == f"{unit}²"
    for key in truth.variables:
        assert truth[key].attrs["long_name"], key
        assert truth[key].attrs["units"], key
    label = truth.label.values
    assert label.dtype == np.int32
    assert set(np.unique(label)) <= {-1, *truth.domain.values}
    pixel = 0.03 * 0.04 if options else 1.0
    for number in truth.domain.values:
        rows, cols = np.nonzero(label == number)
        assert float(truth.area[number]) == pytest.approx(rows.size * pixel)
        assert float(truth.centre_y[number]) == pytest.approx(float(image.y[rows].mean()))
        assert float(truth.centre_x[number]) == pytest.approx(float(image.x[cols].mean()))
    assert truth.attrs["total_area"] == pytest.approx(label.size * pixel)
    assert truth.attrs["crystalline_area"] == pytest.approx((label >= 0).sum() * pixel)
    assert bool(((truth.orientation > -90) & (truth.orientation <= 90)).all())


@pytest.mark.parametrize("name", MAKERS)
def test_same_seed_same_image(name):
    make = getattr(synthetic, name)
    image, truth = make((64, 80), seed=4, noise=3.0)
    again, truth_again = make((64, 80), seed=4, noise=3.0)
    other, truth_other = make((64, 80), seed=4, noise=3.0, noise_seed=5)
    assert image.identical(again)
    assert truth.identical(truth_again)
    assert truth.identical(truth_other)
    assert not image.equals(other)


@pytest.mark.parametrize("angle", [0.0, 25.0, 90.0])
def test_a_twin_is_its_own_mirror_image(angle):
    image, truth = synthetic.twin((101, 101), angle=angle, tilt=15.0)
    normal = synthetic.geometry.direction(angle)
    one, two = truth.g.values
    np.testing.assert_allclose(one - 2 * np.outer(one @ normal, normal), two, atol=1e-12)
    np.testing.assert_allclose(truth.d_spacing, 8.0)
    for number, g in ((0, one), (1, two)):
        where = truth.label.values == number
        for vector in g:
            assert mean_wave(image, where, vector) == pytest.approx(10.0, rel=0.1)
    assert mean_wave(image, truth.label.values == 0, two[0]) < 1.5
    if angle in (0.0, 90.0):
        mirrored = image.values[:, ::-1] if angle == 0 else image.values[::-1]
        np.testing.assert_allclose(image, mirrored, rtol=1e-5)


def test_two_phases_have_their_spacings():
    image, truth = synthetic.two_phases((160, 200), spacings=(0.3, 0.33), angle=90.0, **OBLONG)
    np.testing.assert_allclose(truth.d_spacing, [[0.3, 0.3], [0.33, 0.33]])
    np.testing.assert_allclose(truth.orientation, 10.0)
    np.testing.assert_array_equal(truth.label.isel(x=0), np.arange(160) >= 80)
    for number in (0, 1):
        where = truth.label.values == number
        assert mean_wave(image, where, truth.g.values[number, 0]) == pytest.approx(10, rel=0.1)
        assert mean_wave(image, where, truth.g.values[1 - number, 0]) < 3


def test_an_amorphous_film_has_no_crystal():
    image, truth = synthetic.amorphous((128, 150), texture=8.0, noise=6.0)
    assert truth.sizes["domain"] == 0
    assert bool((truth.label == -1).all())
    assert truth.attrs["note"].startswith("No crystal found")
    assert truth.attrs["crystalline_area"] == 0
    assert float(image.std()) == pytest.approx(10.0, rel=0.03)


def test_noise_and_dose():
    quiet, _ = synthetic.twin((120, 120))
    noisy, _ = synthetic.twin((120, 120), noise=5.0)
    assert float((noisy - quiet).std()) == pytest.approx(5.0, rel=0.03)
    counted, _ = synthetic.twin((120, 120), dose=3.0)
    assert float(((counted - 3 * quiet) / np.sqrt(3 * quiet)).std()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("twin", {"spacing": 0.0}, "spacing is a length above 0"),
        ("twin", {"noise": -1.0}, "noise not negative"),
        ("two_phases", {"spacings": (8.0, 0.0)}, "spacings are two lengths above 0"),
        ("amorphous", {"texture": -1.0}, "texture is a standard deviation"),
    ],
)
def test_what_does_not_fit_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(synthetic, name)((32, 32), **options)
