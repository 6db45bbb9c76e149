import numpy as np
import pytest

import temwidgets as tw


def a_map(values, *, name="e_xx", sampling=(0.02, 0.03), origin=(5.0, -1.0)):
    image = tw.make_image(values, sampling=sampling, origin=origin)
    return image.rename(name).assign_attrs(units="%", long_name=name)


def plane(image):
    return 3 * (image.y - 5) - 2 * (image.x + 1)


@pytest.mark.parametrize("width", [None, 0.1, 0.25])
def test_a_plane_is_read_along_the_line(width):
    blank = a_map(np.zeros((60, 50)))
    found = tw.line_profile(plane(blank).rename("e_xx"), (5.3, -0.8), (5.8, 0.2), width=width)
    assert found.distance.values[0] == 0
    assert found.distance.values[-1] == pytest.approx(np.hypot(0.5, 1.0))
    assert np.ptp(np.diff(found.distance)) < 1e-12
    assert np.diff(found.distance).mean() == pytest.approx(0.02, rel=0.02)
    wanted = 3 * (found.y - 5) - 2 * (found.x + 1)
    np.testing.assert_allclose(found["mean"], wanted, atol=1e-9)
    assert (found.y.values[-1], found.x.values[-1]) == pytest.approx((5.8, 0.2))
    samples = {None: 1, 0.1: 5, 0.25: 13}[width]
    assert (found.n == samples).all()
    if width is None:
        assert found["std"].isnull().all()
    else:
        # the slope across times the spread of places
        normal = np.array([1.0, -0.5]) / np.hypot(1.0, 0.5)
        place = np.linspace(-1, 1, samples) * (width - 0.02) / 2
        slope = abs(np.array([3, -2]) @ normal)
        np.testing.assert_allclose(found["std"], slope * place.std(ddof=1), rtol=1e-6)


def test_units_and_names_are_those_of_the_map():
    found = tw.line_profile(a_map(np.ones((20, 20))), (5.1, -0.9), (5.1, -0.6))
    assert found["mean"].attrs == {"units": "%", "long_name": "e_xx"}
    assert found.distance.attrs["units"] == found.y.attrs["units"] == "nm"
    assert found.attrs["quantity"] == "e_xx"
    for name in found.variables:
        assert {"units", "long_name"} <= set(found[name].attrs)
    found = tw.line_profile(tw.make_image(np.ones((20, 20))).rename("e_xx"), (1, 1), (1, 9))
    assert found.distance.values.tolist() == list(range(9))
    assert found.distance.attrs["units"] == "px"


def test_nan_is_left_out_and_beyond_the_map_is_nothing():
    values = np.ones((20, 20))
    values[:, 8:11] = np.nan
    values[6, 8:11] = 5.0
    image = tw.make_image(values).rename("e_xx")
    found = tw.line_profile(image, (5.0, -3.0), (5.0, 24.0), width=3.0)
    x = found.x.values
    assert found["mean"].isnull().values[(x < -0.5) | (x > 19.5)].all()
    inside = (x > -0.4) & (x < 19.4)
    assert found["mean"].notnull().values[inside].all()
    assert found["mean"].sel(distance=12.0) == 5.0
    assert found.n.sel(distance=12.0) == 1
    assert found["mean"].sel(distance=3.0) == 1.0
    assert found["mean"].sel(distance=5.0) == 1.0
    narrow = tw.line_profile(image, (5.0, 0.0), (5.0, 19.0))
    assert narrow["mean"].isnull().sum() == 3


def test_directions_are_read_on_their_circle():
    true = np.tile(80 + 0.5 * np.arange(60), (40, 1))
    folded = 90 - (90 - true) % 180
    image = tw.make_image(folded).rename("angle")
    found = tw.line_profile(image, (20, 2), (20, 57), width=9)
    off = (found["mean"].values - (80 + 0.5 * found.x.values) + 90) % 180 - 90
    assert np.abs(off).max() < 0.02
    assert np.ptp(found["mean"].values) < 30
    assert found["std"].max() < 1e-9


def test_bad_arguments_are_refused():
    found = a_map(np.zeros((20, 30)))
    with pytest.raises(TypeError, match=r"One map with dims \(y, x\) was expected.*Dataset came"):
        tw.line_profile(found.to_dataset(), (5, 0), (5.1, 0))
    with pytest.raises(ValueError, match=r"Choose one with .sel\(reflection=0\)"):
        tw.line_profile(found.expand_dims("reflection"), (5, 0), (5.1, 0))
    with pytest.raises(ValueError, match="start and end are two places"):
        tw.line_profile(found, (5, 0), (5, 0))
    with pytest.raises(ValueError, match="start and end are two places"):
        tw.line_profile(found, (5, np.nan), (5, 0))
    with pytest.raises(ValueError, match="width is a length above 0, but 0 came"):
        tw.line_profile(found, (5, 0), (5.1, 0), width=0)
