import numpy as np
import pytest

import temwidgets as tw
from temwidgets import synthetic
from temwidgets.conventions import CancelledError


@pytest.fixture(scope="module")
def crystal():
    return synthetic.perovskite(
        (140, 180), sampling=(0.02, 0.025), origin=(7.0, -3.0), amplitude_spread=0.03, dose=2000.0
    )


def test_voronoi_cells_hold_the_intensity_where_tails_do_not_reach():
    image, truth = synthetic.hexagonal(
        (150, 150), sampling=(0.02, 0.025), separation=0.6, amplitude_spread=0.1, background=0.2
    )
    summed = tw.voronoi_intensity(image, truth, background="fitted")
    closed = ~summed.voronoi_open
    assert closed.sum() > 10
    ratio = (summed.voronoi_intensity / truth.intensity)[closed]
    np.testing.assert_allclose(ratio, 1.0, atol=0.03)
    assert np.isnan(summed.voronoi_intensity[~closed]).all()
    assert summed.voronoi_intensity.attrs["units"] == "counts nm²"
    np.testing.assert_allclose(summed.voronoi_area[closed], 0.6**2 * np.sqrt(3) / 2, rtol=0.02)


def test_backgrounds_are_counts_per_pixel(crystal):
    image, truth = crystal
    raw, less = (
        tw.voronoi_intensity(image, truth),
        tw.voronoi_intensity(image, truth, background=9.0),
    )
    closed = ~raw.voronoi_open
    difference = (raw.voronoi_intensity - less.voronoi_intensity)[closed]
    np.testing.assert_allclose(difference, 9.0 * raw.voronoi_area[closed])
    none_lost = raw.voronoi_area[closed].sum() / (0.02 * 0.025)
    assert none_lost == pytest.approx(round(float(none_lost)))


def test_max_radius_closes_lone_cells(crystal):
    image, truth = crystal
    middle = truth.isel(column=[int(abs(truth.y - 8.4).values.argmin())])
    assert bool(tw.voronoi_intensity(image, middle).voronoi_open[0])
    middle["x"] = middle.x * 0 - 1.0
    near = tw.voronoi_intensity(image, middle, max_radius=0.2)
    assert float(near.voronoi_area[0]) == pytest.approx(np.pi * 0.04, rel=0.05)


def test_columns_without_position_or_with_nan_pixels_get_nan(crystal):
    image, truth = crystal
    closed = np.flatnonzero(~tw.voronoi_intensity(image, truth).voronoi_open)
    lost = truth.copy(deep=True)
    lost["y"][closed[0]] = np.nan
    summed = tw.voronoi_intensity(image, lost)
    assert np.isnan(summed.voronoi_intensity[closed[0]])
    assert summed.sizes["column"] == truth.sizes["column"]
    holed = image.astype(float).copy()
    hole = {"y": float(truth.y[closed[0]]), "x": float(truth.x[closed[0]])}
    holed.loc[holed.sel(hole, method="nearest").coords] = np.nan
    summed = tw.voronoi_intensity(holed, truth)
    assert np.isnan(summed.voronoi_intensity[closed]).sum() == 1


def test_voronoi_reports_and_can_be_cancelled(crystal):
    seen = []
    tw.voronoi_intensity(*crystal, report=seen.append)
    assert seen[-1] == 1.0

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.voronoi_intensity(*crystal, report=stop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_radius": 0.0}, "max_radius is a length"),
        ({"background": "lowest"}, 'or "fitted"'),
    ],
)
def test_voronoi_sentences(crystal, options, message):
    with pytest.raises(ValueError, match=message):
        tw.voronoi_intensity(*crystal, **options)


def test_voronoi_refuses_columns_of_another_image(crystal):
    image, truth = crystal
    with pytest.raises(ValueError, match="image is in nm, but the columns are in px"):
        tw.voronoi_intensity(image, tw.make_columns([1.0], [2.0], units="px"))
    with pytest.raises(ValueError, match="no cells"):
        tw.voronoi_intensity(image, tw.make_columns([np.nan], [2.0]))
    with pytest.raises(ValueError, match="background"):
        tw.voronoi_intensity(image, truth.drop_vars("background"), background="fitted")


def test_voronoi_on_a_shipped_image():
    image = tw.examples.load("ti_wse2")
    middle = tw.make_columns([float(image.y.mean())], [float(image.x.mean())])
    assert tw.voronoi_intensity(image, middle, max_radius=0.1).voronoi_intensity[0] > 0


def with_values(values, sublattice=None, **more):
    columns = tw.make_columns(np.arange(len(values)), np.zeros(len(values)))
    columns["intensity"] = ("column", np.asarray(values, float), {"units": "counts nm²"})
    for name, data in {"sublattice": sublattice, **more}.items():
        if data is not None:
            columns[name] = ("column", np.asarray(data))
    return columns


def test_statistics_per_sublattice():
    values = [1.0, 2.0, 3.0, 10.0, np.nan, 14.0, 5.0]
    columns = with_values(values, [0, 0, 0, 1, 1, 1, -1], intensity_std=[0.1] * 7)
    columns["sublattice"].attrs["names"] = ["Sr", "Ti"]
    table = tw.sublattice_statistics(columns)
    np.testing.assert_array_equal(table.sublattice, [-1, 0, 1])
    np.testing.assert_array_equal(table["count"], [1, 3, 2])
    np.testing.assert_array_equal(table["missing"], [0, 0, 1])
    np.testing.assert_allclose(table["mean"], [5, 2, 12])
    np.testing.assert_allclose(table["sd"], [np.nan, 1, np.sqrt(8)])
    np.testing.assert_allclose(table["standard_error"], [np.nan, 1 / np.sqrt(3), 2])
    np.testing.assert_allclose(table["median"], [5, 2, 12])
    np.testing.assert_allclose(table["mad"], [0, 1.4826, 2 * 1.4826])
    np.testing.assert_allclose(table["minimum"], [5, 1, 10])
    np.testing.assert_allclose(table["maximum"], [5, 3, 14])
    np.testing.assert_allclose(table["typical_error"], 0.1)
    assert list(table["name"].values) == ["", "Sr", "Ti"]
    assert table["mean"].attrs["units"] == "counts nm²"
    assert table["count"].attrs["units"] == "1"


def test_statistics_without_sublattices_or_values():
    table = tw.sublattice_statistics(with_values([np.nan, np.inf]))
    assert table.sublattice.values.tolist() == [0]
    assert int(table["missing"][0]) == 2
    assert np.isnan(table["mean"][0])
    assert "typical_error" not in table
    assert tw.sublattice_statistics(with_values([])).sizes["sublattice"] == 0


def test_statistics_agree_with_truth(crystal):
    table = tw.sublattice_statistics(crystal[1], "amplitude")
    np.testing.assert_allclose(table["mean"], (2000.0, 900.0), rtol=0.01)
    np.testing.assert_allclose(table["sd"] / table["mean"], 0.03, rtol=0.25)


@pytest.mark.parametrize("method", ["robust", "standard"])
def test_outliers_are_sought_within_their_sublattice(method):
    rng = np.random.default_rng(0)
    values = np.r_[rng.normal(10, 1, 200), rng.normal(50, 2, 200)]
    values[[3, 250, 300]] = 50.0, 10.0, np.nan
    marked = tw.find_outliers(with_values(values, np.repeat([0, 1], 200)), method=method)
    assert {3, 250} <= set(np.flatnonzero(marked.intensity_outlier))
    assert int(marked.intensity_outlier.sum()) <= 4
    assert float(marked.intensity_z[3]) > 4 > -4 > float(marked.intensity_z[250])
    assert np.isnan(marked.intensity_z[300])
    assert not marked.intensity_outlier[300]


def test_without_sublattices_all_are_compared_with_all():
    values = np.r_[np.linspace(9, 11, 100), np.linspace(49, 51, 100)]
    values[3] = 50.0
    assert not tw.find_outliers(with_values(values), method="standard").intensity_outlier.any()
    assert tw.find_outliers(with_values(values, np.repeat([0, 1], 100))).intensity_outlier[3]


def test_robust_z_is_in_standard_deviations():
    values = np.random.default_rng(0).normal(7, 3, 20000)
    z = tw.find_outliers(with_values(values)).intensity_z
    np.testing.assert_allclose(z, (values - 7) / 3, atol=0.12)


def test_outliers_among_equal_values():
    marked = tw.find_outliers(with_values([5.0] * 30 + [9.0]))
    assert np.flatnonzero(marked.intensity_outlier).tolist() == [30]
    assert not tw.find_outliers(with_values([5.0] * 30)).intensity_outlier.any()
    assert np.isnan(tw.find_outliers(with_values([1.0, 2.0])).intensity_z).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.0}, "number of standard deviations"),
        ({"method": "median"}, 'method is "robust"'),
        ({"variable": "height"}, "no height"),
        ({"variable": "text"}, "not one number per column"),
    ],
)
def test_outlier_sentences(options, message):
    columns = with_values([1.0, 2.0, 3.0], text=["a", "b", "c"])
    with pytest.raises(ValueError, match=message):
        tw.find_outliers(columns, **options)


def test_statistics_by_site():
    columns = with_values([1.0, 3.0, 5.0, 9.0], [0, 0, 1, 1], site=[0, 1, 1, -1])
    table = tw.sublattice_statistics(columns, by="site")
    np.testing.assert_array_equal(table.site, [-1, 0, 1])
    np.testing.assert_allclose(table["mean"], [9, 1, 4])
    with pytest.raises(ValueError, match="have no site"):
        tw.sublattice_statistics(columns.drop_vars("site"), by="site")
    with pytest.raises(ValueError, match='by is "sublattice" or "site"'):
        tw.sublattice_statistics(columns, by="row")


def test_statistics_of_a_component():
    columns = with_values([1.0, 3.0]).assign_coords(component=["y", "x"])
    columns["displacement"] = (("column", "component"), [[1.0, 2], [3, 4]], {"units": "nm"})
    table = tw.sublattice_statistics(columns, "displacement_x")
    assert float(table["mean"][0]) == 3.0
    assert table["mean"].attrs["units"] == "nm"
