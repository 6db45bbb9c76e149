import numpy as np
import pytest

import temwidgets as tw
from temwidgets import synthetic


def three_populations(n=500):
    rng = np.random.default_rng(2)
    true = np.repeat([0, 1, 2], n)
    values = rng.normal(np.array([2.0, 4.0, 6.5])[true], 0.3)
    columns = tw.make_columns(np.arange(3.0 * n), np.zeros(3 * n))
    columns["intensity"] = ("column", values, {"units": "counts nm²"})
    return columns, true


def test_number_and_parameters_are_found():
    columns, _ = three_populations()
    mixture = tw.fit_mixture(columns)
    np.testing.assert_allclose(mixture["mean"], (2, 4, 6.5), atol=0.05)
    np.testing.assert_allclose(mixture["sd"], 0.3, atol=0.03)
    np.testing.assert_allclose(mixture["weight"], 1 / 3, atol=0.005)
    assert mixture["mean"].attrs["units"] == "counts nm²"
    assert int(mixture.n_components[mixture.bic.argmin("n_components")]) == 3
    assert mixture.attrs["n_columns"] == 1500
    assert tw.fit_mixture(columns).identical(mixture)


def test_number_may_be_given_and_icl_chosen():
    columns, _ = three_populations()
    assert tw.fit_mixture(columns, n_components=2).sizes["population"] == 2
    assert tw.fit_mixture(columns, criterion="icl").sizes["population"] == 3
    assert tw.fit_mixture(columns, max_components=2).sizes["n_components"] == 2


def test_probabilities_per_column():
    columns, true = three_populations()
    columns["intensity"][[0, 700]] = np.nan
    found = tw.assign_populations(columns, tw.fit_mixture(columns))
    known = np.isfinite(columns.intensity.values)
    assert (found.intensity_population.values[known] == true[known]).mean() > 0.995
    assert (found.intensity_population.values[~known] == -1).all()
    assert np.isnan(found.intensity_probability.values[~known]).all()
    np.testing.assert_allclose(found.intensity_probability.sum("population")[known], 1.0)
    assert found.sizes["column"] == columns.sizes["column"]


def test_populations_assigned_earlier_are_replaced():
    columns, _ = three_populations()
    columns["height"] = columns["intensity"] * 2
    first = tw.assign_populations(columns, tw.fit_mixture(columns))
    second = tw.assign_populations(first, tw.fit_mixture(first, "height", n_components=2))
    assert second.sizes["population"] == 2
    assert "intensity_population" not in second
    assert "height_population" in second


def test_one_sublattice_alone():
    image, truth = synthetic.perovskite((200, 200), sampling=0.02, amplitude_spread=0.02)
    assert image.sizes["y"] == 200
    mixture = tw.fit_mixture(truth, "amplitude", sublattice=1)
    assert mixture.sizes["population"] == 1
    assert float(mixture["mean"][0]) == pytest.approx(90.0, rel=0.01)
    found = tw.assign_populations(truth, mixture)
    assert set(np.unique(found.amplitude_population)) == {-1, 0}
    np.testing.assert_array_equal(found.amplitude_population == 0, truth.sublattice == 1)
    assert found.displacement.dims == ("column", "component")


def test_densities_overlay_the_histogram():
    columns, _ = three_populations()
    mixture = tw.fit_mixture(columns)
    counts, edges = np.histogram(columns.intensity, 40)
    middles = (edges[1:] + edges[:-1]) / 2
    density = tw.mixture_density(mixture, middles)
    assert density.dims == ("population", "value")
    expected = density.sum("population") * mixture.attrs["n_columns"] * (edges[1] - edges[0])
    assert float(abs(expected - counts).max()) < 5 * np.sqrt(counts.max())
    assert float(expected.sum()) == pytest.approx(1500, rel=0.02)


def test_mixture_survives_netcdf(tmp_path):
    columns, _ = three_populations(20)
    mixture = tw.fit_mixture(columns)
    mixture.to_netcdf(tmp_path / "m.nc", engine="h5netcdf")
    import xarray as xr

    back = xr.load_dataset(tmp_path / "m.nc", engine="h5netcdf")
    again = tw.assign_populations(columns, back)
    xr.testing.assert_equal(again, tw.assign_populations(columns, mixture))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 0}, "whole number from 1"),
        ({"n_components": 1.5}, "whole number from 1"),
        ({"n_components": 20}, "too few for 20 populations"),
        ({"criterion": "aic"}, '"bic" or "icl"'),
        ({"variable": "height"}, "no height"),
        ({"sublattice": 0}, "no sublattice"),
    ],
)
def test_fit_sentences(options, message):
    columns, _ = three_populations(20)
    with pytest.raises(ValueError, match=message):
        tw.fit_mixture(columns, **options)


def test_more_sentences():
    columns, _ = three_populations(20)
    columns["sublattice"] = ("column", np.zeros(60, int))
    with pytest.raises(ValueError, match=r"no sublattice 3; there are \[0\]"):
        tw.fit_mixture(columns, sublattice=3)
    with pytest.raises(TypeError, match=r"mixture from temwidgets\.fit_mixture"):
        tw.mixture_density(columns, [1.0])
    with pytest.raises(ValueError, match="too few"):
        tw.fit_mixture(columns.isel(column=slice(2)))
