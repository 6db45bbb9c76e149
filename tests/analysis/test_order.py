import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.conventions import CancelledError, Flag


def crystal(values, seed=0, size=(28, 36), missing=0.1, **more):
    """Numbered columns; ``values(n_a, n_b, rng)`` gives their intensity."""
    rng = np.random.default_rng(seed)
    n_a, n_b = np.mgrid[-9 : size[0] - 9, 4 : size[1] + 4].reshape(2, -1).astype(float)
    kept = rng.random(n_a.size) >= missing
    n_a, n_b = n_a[kept], n_b[kept]
    columns = tw.make_columns(0.4 * n_a + 7, 0.5 * n_b - 3)
    variables = {"n_a": n_a, "n_b": n_b, "intensity": values(n_a, n_b, rng), **more}
    for name, data in variables.items():
        columns[name] = ("column", data, {"units": "counts nm²"})
    return columns


def noise(n_a, n_b, rng, sd=0.15):
    return 1 + sd * rng.normal(size=n_a.size)


def doubled(n_a, n_b, rng, sd=0.15, contrast=0.1):
    slow = 0.3 * np.sin(n_a / 12) + 0.01 * n_b
    return 1 + contrast / 2 * (-1.0) ** n_a + slow + sd * rng.normal(size=n_a.size)


LATTICE = tw.make_lattice((0.4, 0.0), (0.0, 0.5), origin=(7.0, -3.0))


def test_hidden_doubling_of_the_cell_is_found():
    columns = crystal(doubled)
    spectrum = tw.order_spectrum(columns, lattice=LATTICE)
    assert spectrum.sizes["peak"] == 1
    assert float(spectrum.p_value[0]) < 0.001
    assert (float(spectrum.peak_q_a[0]), float(spectrum.peak_q_b[0])) == (0.5, 0.0)
    assert abs(float(spectrum.amplitude[0]) - 0.05) < 4 * float(spectrum.amplitude_std[0])
    assert float(spectrum.phase[0]) == pytest.approx(0.0)
    assert float(spectrum.wavelength[0]) == pytest.approx(0.8)
    assert abs(float(spectrum.direction[0])) == pytest.approx(90.0)
    assert spectrum.amplitude.attrs["units"] == "counts nm²"
    assert spectrum.wavelength.attrs["units"] == "nm"
    assert float(spectrum.peak_power[0]) > spectrum.attrs["power_threshold"] > 8
    assert np.exp(np.log(10) * spectrum.log10_p[0]) == pytest.approx(float(spectrum.p_value[0]))


def test_power_map_covers_the_zone_and_is_even():
    power = tw.order_spectrum(crystal(noise), permutations=20).power
    for name in ("q_a", "q_b"):
        q = power[name].values
        assert (q[0], q[-1]) == (-0.5, 0.5)
        np.testing.assert_allclose(q, -q[::-1], atol=1e-12)
    np.testing.assert_allclose(power, power.values[::-1, ::-1], rtol=1e-9)
    assert np.isnan(float(power.sel(q_a=0, q_b=0, method="nearest")))
    assert float(power.mean()) == pytest.approx(1, abs=0.15)


def test_disordered_columns_have_uniform_p_values():
    p = [
        float(tw.order_spectrum(crystal(noise, seed, (14, 16)), permutations=60).p_value[0])
        for seed in range(60)
    ]
    assert min(p) > 0.001
    assert 0.3 < np.mean(p) < 0.7


def test_two_orders_are_told_apart_and_drawn():
    waves = ((0.25, 0.31, 40.0, 0.2), (0.5, 0.5, 0.0, 0.12))

    def values(n_a, n_b, rng):
        total = 0.1 * rng.normal(size=n_a.size)
        for q_a, q_b, phase, size in waves:
            turns = q_a * n_a + q_b * n_b
            total += size * np.cos(2 * np.pi * turns + np.deg2rad(phase))
        return total

    columns = crystal(values)
    spectrum = tw.order_spectrum(columns, permutations=20)
    assert spectrum.sizes["peak"] == 2
    for peak, (q_a, q_b, phase, size) in enumerate(waves):
        row = spectrum.sel(peak=peak)
        assert float(row.peak_q_a) == pytest.approx(q_a, abs=1e-9 + 5 * float(row.peak_q_a_std))
        assert float(row.peak_q_b) == pytest.approx(q_b, abs=1e-9 + 5 * float(row.peak_q_b_std))
        drawn = tw.order_modulation(columns, spectrum, peak).intensity_modulation
        turns = q_a * columns.n_a + q_b * columns.n_b
        np.testing.assert_allclose(
            drawn, size * np.cos(2 * np.pi * turns + np.deg2rad(phase)), atol=0.03
        )
    assert tw.order_spectrum(columns, permutations=20, max_peaks=1).sizes["peak"] == 1


@settings(max_examples=10, deadline=None)
@given(
    shift=st.floats(-1e4, 1e4),
    scale=st.floats(1e-3, 1e3),
    by=st.tuples(st.integers(-500, 500), st.integers(-500, 500)),
    order=st.integers(0, 1000),
)
def test_offset_scale_origin_and_row_order_change_nothing(shift, scale, by, order):
    columns = crystal(doubled, size=(12, 14))
    spectrum = tw.order_spectrum(columns, permutations=20)
    mixed = columns.isel(column=np.random.default_rng(order).permutation(columns.sizes["column"]))
    mixed["intensity"] = shift + scale * mixed.intensity
    mixed["n_a"], mixed["n_b"] = mixed.n_a + by[0], mixed.n_b + by[1]
    other = tw.order_spectrum(mixed, permutations=20)
    np.testing.assert_allclose(other.power, spectrum.power, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other.amplitude[0], scale * spectrum.amplitude[0], rtol=1e-4)
    before = tw.order_modulation(columns, spectrum).intensity_modulation
    after = tw.order_modulation(mixed, other).intensity_modulation.sel(column=columns.column)
    np.testing.assert_allclose(after, scale * before, rtol=0, atol=2e-3 * scale * 0.1)


def test_missing_values_other_sites_and_domains_are_left_out():
    columns = crystal(doubled)
    plain = tw.order_spectrum(columns, permutations=20)
    more = tw.order_modulation(columns, plain)
    extra = columns.isel(column=slice(0, 40)).assign_coords(column=5000 + np.arange(40))
    extra["intensity"] = extra.intensity * 50
    import xarray as xr

    both = xr.concat([columns, extra], "column")
    marks = np.r_[np.zeros(columns.sizes["column"], int), np.ones(40, int)]
    sited = both.assign(site=("column", marks))
    found = tw.order_spectrum(sited, site=0, permutations=20)
    np.testing.assert_allclose(found.power, plain.power, rtol=1e-9)
    drawn = tw.order_modulation(sited, found).intensity_modulation
    assert np.isnan(drawn[-40:]).all()
    np.testing.assert_allclose(drawn[:-40], more.intensity_modulation)
    domains = both.assign(lattice_domain=("column", marks))
    np.testing.assert_allclose(
        tw.order_spectrum(domains, permutations=20).power, plain.power, rtol=1e-9
    )
    lost = both.copy(deep=True)
    lost["intensity"][-40:] = np.nan
    assert tw.order_spectrum(lost, permutations=20).attrs["n_columns"] == columns.sizes["column"]
    off = both.copy(deep=True)
    off["n_a"][-40:] = np.nan
    np.testing.assert_allclose(
        tw.order_spectrum(off, permutations=20).power, plain.power, rtol=1e-9
    )
    # the only site with values needs no choice
    alone = sited.assign(intensity=sited.intensity.where(sited.site == 0))
    assert tw.order_spectrum(alone, permutations=20).attrs["site"] == 0


def test_components_of_vectors():
    columns = crystal(noise)
    wave = np.stack([0 * columns.n_a, 0.01 * (-1.0) ** columns.n_b], axis=1)
    wave += np.random.default_rng(0).normal(0, 0.01, wave.shape)
    columns = columns.assign_coords(component=["y", "x"])
    columns["displacement"] = (("column", "component"), wave, {"units": "nm"})
    spectrum = tw.order_spectrum(columns, "displacement_x", permutations=20)
    assert (float(spectrum.peak_q_a[0]), float(spectrum.peak_q_b[0])) == (0.0, 0.5)
    assert spectrum.amplitude.attrs["units"] == "nm"
    assert "displacement_x_modulation" in tw.order_modulation(columns, spectrum)


def test_noise_that_neighbours_share_is_no_order():
    def shared(n_a, n_b, rng):
        field = rng.normal(size=(80, 80))
        at = (n_a + 20).astype(int), (n_b + 20).astype(int)
        return field[at] - 0.8 * field[at[0] + 1, at[1]]

    columns = crystal(shared, size=(44, 44), missing=0.05)
    flat = tw.order_spectrum(columns, permutations=20)
    smooth = tw.order_spectrum(columns, permutations=20, noise="smooth")
    assert float(flat.p_value[0]) < float(smooth.p_value[0])
    assert float(smooth.p_value[0]) > 0.01
    columns["intensity"] = columns.intensity + 0.35 * (-1.0) ** columns.n_a
    found = tw.order_spectrum(columns, permutations=20, noise="smooth")
    assert float(found.p_value[0]) < 1e-6
    assert float(found.peak_q_a[0]) == 0.5


def test_order_without_noise_ends():
    columns = crystal(lambda n_a, n_b, rng: (-1.0) ** (n_a + n_b))
    spectrum = tw.order_spectrum(columns, permutations=20, trend=0)
    assert float(spectrum.amplitude[0]) == pytest.approx(1, rel=0.01)
    assert float(spectrum.log10_p[0]) < -200


def test_from_image_to_order():
    # two cells along a hold one stronger and one weaker column; single columns overlap
    sites = [
        tw.synthetic.Site(0.0, 0.0, 1.06, 2.5, sublattice=0),
        tw.synthetic.Site(0.5, 0.0, 0.94, 2.5, sublattice=0),
    ]
    image, truth = tw.synthetic.lattice_image(
        (300, 260),
        (0.0, 20.0),
        (10.0, 0.0),
        sites,
        dose=100.0,
        background=0.2,
        amplitude_spread=0.12,
        seed=3,
    )
    lattice = tw.make_lattice((0.0, 10.0), (10.0, 0.0), origin=(149.5, 129.5), units="px")
    assert image.sizes["y"] == 300
    columns = tw.index_columns(truth, lattice)
    spectrum = tw.order_spectrum(columns, "amplitude", lattice=lattice)
    assert float(spectrum.p_value[0]) < 0.001
    assert (float(spectrum.peak_q_a[0]), float(spectrum.peak_q_b[0])) == (0.5, 0.0)
    assert float(spectrum.wavelength[0]) == pytest.approx(20.0)


def test_report_and_cancel():
    seen = []
    tw.order_spectrum(crystal(noise), permutations=20, report=seen.append)
    assert seen[-1] == 1.0

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.order_spectrum(crystal(noise), report=stop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": "pink"}, 'noise is "white" or "smooth"'),
        ({"level": 0.0}, "level is a probability"),
        ({"max_peaks": 0}, "max_peaks is a whole number"),
        ({"permutations": 5}, "whole number from 20"),
        ({"trend": 1.5}, "degree of a polynomial"),
        ({"trend": 40}, "has 861 terms, too many"),
        ({"variable": "height"}, "no height"),
        ({"site": 4}, r"no site 4; there are \[0\]"),
    ],
)
def test_sentences(options, message):
    with pytest.raises(ValueError, match=message):
        tw.order_spectrum(crystal(noise), **options)


def test_sentences_about_columns():
    columns = crystal(noise)
    with pytest.raises(ValueError, match="no n_a: their cells are not numbered"):
        tw.order_spectrum(columns.drop_vars("n_a"))
    with pytest.raises(ValueError, match="8 columns of site 0"):
        tw.order_spectrum(columns.isel(column=slice(8)))
    with pytest.raises(ValueError, match="same everywhere"):
        tw.order_spectrum(columns.assign(intensity=0 * columns.intensity + 3))
    sites = np.arange(columns.sizes["column"]) % 2
    with pytest.raises(ValueError, match=r"Several sites have values: \[0, 1\]"):
        tw.order_spectrum(columns.assign(sublattice=("column", sites)))
    with pytest.raises(TypeError, match="A lattice is"):
        tw.order_spectrum(columns, permutations=20, lattice=3)


def test_modulation_sentences():
    columns = crystal(noise)
    spectrum = tw.order_spectrum(columns, permutations=20)
    with pytest.raises(TypeError, match=r"spectrum from temwidgets\.order_spectrum"):
        tw.order_modulation(columns, columns)
    with pytest.raises(ValueError, match="no peak 7; there are 1"):
        tw.order_modulation(columns, spectrum, 7)
    with pytest.raises(ValueError, match="not numbered"):
        tw.order_modulation(columns.drop_vars("n_b"), spectrum)


def test_spectrum_survives_netcdf(tmp_path):
    import xarray as xr

    spectrum = tw.order_spectrum(crystal(doubled), permutations=20)
    spectrum.to_netcdf(tmp_path / "s.nc", engine="h5netcdf")
    back = xr.load_dataset(tmp_path / "s.nc", engine="h5netcdf")
    xr.testing.assert_allclose(back, spectrum)
    assert "intensity_modulation" in tw.order_modulation(crystal(doubled), back)


def test_columns_cut_by_the_edge_do_not_count():
    """Half a column is half as bright: a row of them would pass for a wave."""
    columns = crystal(noise, missing=0.0)
    cut = columns["n_a"].values == columns["n_a"].values.min()
    columns["intensity"].values[cut] *= 0.3
    assert float(tw.order_spectrum(columns, lattice=LATTICE).p_value.min()) < 1e-6
    columns["flags"] = ("column", np.where(cut, int(Flag.cut_by_edge), 0))
    assert float(tw.order_spectrum(columns, lattice=LATTICE).p_value.min()) > 0.01
