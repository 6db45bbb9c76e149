import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.fourier.windowed_spacing import windowed_spacing
from temwidgets.conventions import CancelledError
from temwidgets.synthetic import fringes

SAMPLING, ORIGIN = (0.02, 0.025), (5.0, -1.0)
G = [(4.0, 9.5), (-9.5, 6.5)]
SHAPE = (110, 130)


def crystal(g=G, *, shape=SHAPE, sampling=SAMPLING, **options):
    image, truth = fringes(shape, g, sampling=sampling, origin=ORIGIN, amplitude=10, **options)
    units = "nm" if sampling else "px"
    return image, truth, tw.make_reflections(truth["g"].values, units=units)


def measure(image, reflections, *, box=9, **options):
    """Boxes of the same shape, so that tests share a compilation."""
    return windowed_spacing(image, reflections, box=box, **options)


def inner(maps, edge=16):
    stride = int(maps.attrs["stride"])
    cut = slice(-(-edge // stride), -(edge // stride))
    return maps.isel(y=cut, x=cut)


@pytest.mark.parametrize("fit", ["parabola", "gaussian"])
@pytest.mark.parametrize(
    ("window", "shape", "sampling"),
    [
        (40, "hann", SAMPLING),
        ((41, 33), "hann", SAMPLING),
        (39, "gaussian", SAMPLING),
        ((36, 40), "hann", None),
    ],
)
def test_a_perfect_lattice_has_its_spacing_everywhere(fit, window, shape, sampling):
    scale = 1.0 if sampling else 0.022
    image, truth, reflections = crystal(np.multiply(G, scale), sampling=sampling)
    found = measure(image, reflections, window=window, shape=shape, fit=fit, stride=5)
    assert found.d_spacing.dims == ("reflection", "y", "x")
    assert found.d_spacing.dtype == found.angle_std.dtype == np.float32
    assert found["mask"].all()
    for k in range(2):
        wanted = truth.isel(reflection=k, y=0, x=0)
        part = inner(found, 20).sel(reflection=k)
        np.testing.assert_allclose(part.d_spacing, wanted.d_spacing, rtol=4e-4)
        np.testing.assert_allclose(part.angle, wanted.angle, atol=0.03)
        np.testing.assert_allclose(part.amplitude, 10, rtol=0.01)
        # an edge cuts windows in half, and is seen no better there, but with no bias to one side
        np.testing.assert_allclose(found.d_spacing[k], wanted.d_spacing, rtol=0.02)
        assert abs(float(found.d_spacing[k].mean() / wanted.d_spacing) - 1) < 1e-3
        np.testing.assert_allclose(found.amplitude[k], 10, rtol=0.25)
    assert found.d_spacing.attrs["units"] == ("nm" if sampling else "px")


def test_the_map_lies_on_the_image_and_can_be_saved(tmp_path):
    image, _, reflections = crystal()
    reflections["reflection"] = reflections["reflection"].copy(data=[4, 9])
    found = measure(image, reflections, window=40, fit="parabola", stride=4)
    assert found.y.equals(image.y[::4])
    assert found.x.equals(image.x[::4])
    assert found.reflection.values.tolist() == [4, 9]
    for name in found.variables:
        assert {"units", "long_name"} <= set(found[name].attrs), name
    for name in ("d_spacing", "angle", "amplitude"):
        assert found[name].attrs["ancillary_variables"] == f"{name}_std"
    assert found.attrs["engine"] == "windowed"
    assert found.attrs["window"] == pytest.approx([0.8, 1.0])
    assert found.attrs["window_px"] == [40, 40]
    tw.save(tmp_path / "spacing.nc", found)
    back = tw.open_result(tmp_path / "spacing.nc")
    xr.testing.assert_equal(back, found)
    assert back["mask"].dtype == bool


@pytest.mark.parametrize("fit", ["parabola", "gaussian"])
def test_a_slow_change_of_spacing_is_followed(fit):
    def bent(y, x):
        return 0.01 * (y - 6.0) ** 2, 0.01 * (y - 6.0) * (x - 0.5)

    image, truth, reflections = crystal(displacement=bent)
    found = measure(image, reflections, window=36, fit=fit, stride=2)
    truth = truth.isel(y=slice(None, None, 2), x=slice(None, None, 2))
    assert (
        float(inner(truth.assign_attrs(stride=2)).d_spacing.std() / truth.d_spacing.mean()) > 2e-3
    )
    off = inner(found).d_spacing / truth.d_spacing - 1
    assert float(np.abs(off).max()) < 1e-3
    assert float(np.abs(inner(found).angle - truth.angle).max()) < 0.1


def test_errors_are_those_of_noise():
    image, truth, reflections = crystal(shape=(200, 230), noise=15.0)
    for fit in ("parabola", "gaussian"):
        found = measure(image, reflections, window=40, fit=fit, stride=4)
        assert float(inner(found)["mask"].mean()) == 1
        for name in ("d_spacing", "angle", "amplitude"):
            pull = (inner(found)[name] - truth[name]) / inner(found)[f"{name}_std"]
            assert 0.7 < float(np.sqrt((pull**2).mean())) < 1.35


def test_directions_are_folded_at_the_vertical():
    image, truth, reflections = crystal([(9.0, 0.05)], sampling=(0.02, 0.02))
    found = windowed_spacing(image, reflections, window=32, fit="parabola", stride=3)
    off = (inner(found).angle - truth.angle + 90) % 180 - 90
    assert float(np.abs(off).max()) < 0.1
    assert float(found.angle.max()) <= 90
    assert float(found.angle.min()) > -90
    assert float(np.abs(inner(found).angle).min()) > 89


def test_what_is_not_accepted_is_nan():
    image, _, _ = crystal([(0.0, 8.0)], sampling=(0.02, 0.02))
    for g, options, accepted in (
        ((0.0, 8.6), {}, True),
        ((0.0, 8.6), {"distance_tolerance": 0.03}, False),
        ((0.9, 8.0), {"angle_tolerance": 8.0}, True),
        ((0.9, 8.0), {}, False),
    ):
        near = tw.make_reflections([g])
        found = windowed_spacing(image, near, window=48, fit="parabola", stride=5, **options)
        part = inner(found, 25)
        if accepted:
            np.testing.assert_allclose(part.d_spacing, 1 / 8, rtol=1e-3)
        else:
            assert part.d_spacing.isnull().all()
            assert not part["mask"].any()


def test_noise_is_no_spot():
    rng = np.random.default_rng(0)
    image = tw.make_image(rng.normal(size=SHAPE), sampling=SAMPLING, origin=ORIGIN)
    near = tw.make_reflections(G)
    found = measure(image, near, window=40, fit="parabola", stride=3)
    assert float(found.d_spacing.notnull().mean()) < 0.01
    every = measure(image, near, window=40, fit="parabola", stride=3, least_snr=0)
    assert float(every.d_spacing.notnull().mean()) > 0.05
    assert not found["mask"].any()
    assert not every["mask"].any()


def test_two_grains_are_told_apart():
    left, _, _ = crystal([(1.0, 8.0)], sampling=(0.02, 0.02))
    right, _, _ = crystal([(-2.0, 7.7)], sampling=(0.02, 0.02))
    half = left.x.values < 0.3
    image = left.copy(data=np.where(half, left.values, right.values))
    image.values += np.random.default_rng(0).normal(0, 1, image.shape).astype(np.float32)
    near = tw.make_reflections([(1.0, 8.0), (-2.0, 7.7)])
    found = measure(image, near, window=40, fit="gaussian", stride=2)
    first, second = found["d_spacing"].sel(y=slice(5.4, 6.8))
    np.testing.assert_allclose(first.sel(x=slice(-0.6, -0.1)), 1 / np.hypot(1, 8), rtol=3e-3)
    np.testing.assert_allclose(second.sel(x=slice(0.7, 1.2)), 1 / np.hypot(2, 7.7), rtol=3e-3)
    strong = found["amplitude"].fillna(0).sel(y=slice(5.4, 6.8)).mean("y")
    assert float(strong[0].sel(x=1.0, method="nearest")) < 2
    assert float(strong[1].sel(x=-0.4, method="nearest")) < 2


def test_the_mask_is_the_crystal():
    def disk(y, x):
        return (y - 7) ** 2 + (x - 1.8) ** 2 < 1.3**2

    image, truth, reflections = crystal(shape=(200, 220), mask=disk, noise=8.0, texture=4.0)
    found = windowed_spacing(image, reflections, window=32, stride=2, fit="parabola")
    true = truth["mask"].values[::2, ::2]
    both, either = (found["mask"].values & true).sum(), (found["mask"].values | true).sum()
    assert both / either > 0.9


def test_pixels_without_a_value_count_for_nothing():
    image, truth, reflections = crystal()
    image.values[40:47, 50:58] = np.nan
    found = windowed_spacing(image, reflections, window=40, fit="parabola", stride=2)
    part = inner(found, 20)
    # a hole lets the other reflection in
    np.testing.assert_allclose(part.amplitude, 10, rtol=0.25)
    np.testing.assert_allclose(part.d_spacing[0], truth.d_spacing[0, 0, 0], rtol=0.01)
    image.values[30:50, 40:60] = np.nan
    holes = windowed_spacing(image, reflections, window=40, fit="parabola", stride=2)
    holes = holes.d_spacing[0].isnull().values
    assert holes[20, 25]
    assert 0 < holes.sum() < 100
    nothing = windowed_spacing(
        image.copy(data=np.full(SHAPE, np.nan)), reflections, window=40, fit="parabola", stride=5
    )
    assert nothing.d_spacing.isnull().all()
    assert not nothing["mask"].any()


def test_a_bright_slope_does_not_matter():
    image, _, reflections = crystal()
    sloped = image + 40 * (image.y - 5.0) + 1e4
    found, plain = (
        inner(windowed_spacing(one, reflections, window=40, fit="parabola", stride=4), 20)
        for one in (sloped, image)
    )
    np.testing.assert_allclose(found.d_spacing, plain.d_spacing, rtol=1e-3)


def test_fits_of_logarithms_and_bare_windows_find_the_spot():
    image, truth, reflections = crystal(noise=4.0)
    for options in ({"scale": "log"}, {"shape": "none", "fit": "parabola"}):
        found = measure(image, reflections, window=40, stride=5, **options)
        off = inner(found, 20).d_spacing / truth.d_spacing - 1
        assert float(np.abs(off).median()) < 0.01
        assert float(inner(found, 20).d_spacing.notnull().mean()) > 0.9


def test_the_window_and_the_box_fit_the_image_and_the_spots():
    image, _, reflections = crystal(shape=(80, 100))
    found = windowed_spacing(image, reflections, fit="parabola", stride=10)
    assert found.attrs["window_px"] == [80, 80]
    assert found.attrs["box"] == [15, 15]
    near = windowed_spacing(image, reflections, fit="parabola", stride=10, window=28)
    # (4.0, 9.5) and (-9.5, 6.5) cycles per nm are 6.65 along x and 5.32 along y in such a window
    assert near.attrs["box"] == [11, 7]
    given = windowed_spacing(image, reflections, fit="parabola", stride=10, box=9)
    assert given.attrs["box"] == [9, 9]


def test_it_reports_and_can_be_cancelled():
    image, _, reflections = crystal()
    told = []
    windowed_spacing(image, reflections, window=32, fit="parabola", stride=5, report=told.append)
    assert told[-1] == 1.0
    assert (np.diff(told) > 0).all()

    def stop(fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        windowed_spacing(image, reflections, window=32, fit="parabola", report=stop)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fit": "spline"}, "fit is one of gaussian, parabola, but 'spline' came"),
        ({"shape": "box"}, "shape is one of hann, gaussian, none"),
        ({"scale": "root"}, "scale is one of linear, log"),
        ({"window": 4}, "window is a whole number of pixels from 8"),
        ({"window": 33.5}, "window is a whole number of pixels from 8"),
        ({"window": 200}, "A window of 200 px does not fit into the image of 110 x 130 px"),
        ({"box": 8}, "box is an odd number of bins from 7, but 8 came"),
        ({"stride": 0}, "stride is a whole number of pixels from 1, but 0 came"),
        ({"angle_tolerance": 0}, "angle_tolerance is above 0 and at most 90"),
        ({"distance_tolerance": 1.0}, "distance_tolerance is a part of the distance"),
        ({"least_snr": -1}, "least_snr is a ratio of signal to noise from 0, but -1 came"),
        ({"window": 12}, "The window holds 3.* fringes of reflection 0, too few for a box of 7"),
        ({"window": 32, "box": 15}, "or a smaller box"),
    ],
)
def test_bad_arguments_are_refused(options, words):
    image, _, reflections = crystal()
    with pytest.raises(ValueError, match=words):
        windowed_spacing(image, reflections, **options)


def test_reflections_of_another_image_are_refused():
    image, _, reflections = crystal()
    with pytest.raises(ValueError, match="The image is in px but the reflections are in nm"):
        windowed_spacing(tw.make_image(image.values), reflections)
    with pytest.raises(TypeError, match="Reflections from"):
        windowed_spacing(image, None)
    with pytest.raises(ValueError, match="1 or more reflections are needed, but 0 came"):
        windowed_spacing(image, reflections.isel(reflection=[]))


def test_it_agrees_with_the_phase_engine():
    def bent(y, x):
        return 0.01 * (y - 6.0) ** 2, 0.01 * (y - 6.0) * (x - 0.5)

    image, _, reflections = crystal(shape=(160, 170), displacement=bent, noise=1.0)
    phase = tw.local_spacing(image, reflections, sigma=0.16, stride=4, joint=False)
    windowed = tw.local_spacing(
        image, reflections, engine="windowed", window=48, stride=4, fit="parabola"
    )
    assert windowed.attrs["engine"] == "windowed"
    assert set(phase) == set(windowed)
    one, other = inner(phase, 28), inner(windowed, 28)
    for name, tolerance in (
        ("d_spacing", 1e-3 * 0.1),
        ("angle", 0.06),
        ("amplitude", 0.4),
        ("e_xx", 1e-3),
        ("e_yy", 1e-3),
        ("e_xy", 1e-3),
        ("rotation", 0.06),
    ):
        off = one[name] - other[name]
        if name in ("e_xx", "e_yy", "e_xy", "rotation"):
            off = off - off.mean()  # their reference is the mean over masks that differ
        assert float(np.sqrt((off**2).mean())) < tolerance, name
