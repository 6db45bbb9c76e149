import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import temwidgets as tw
from temwidgets.analysis.pair_correlation import correlation_by_distance


def crystal(field, seed=0, missing=0.15):
    rng = np.random.default_rng(seed)
    n_a, n_b = np.mgrid[-5:20, 8:38].reshape(2, -1)
    kept = rng.random(n_a.size) >= missing
    n_a, n_b = n_a[kept], n_b[kept]
    columns = tw.make_columns(0.4 * n_a, 0.5 * n_b)
    for name, data in {"n_a": n_a, "n_b": n_b}.items():
        columns[name] = ("column", data.astype(float))
    columns["intensity"] = ("column", field[n_a + 10, n_b], {"units": "counts nm²"})
    return columns


def white(seed=0):
    return np.random.default_rng([seed, 1]).normal(size=(50, 60))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), missing=st.floats(0, 0.6))
def test_sums_run_over_the_pairs_that_exist(seed, missing):
    columns = crystal(white(seed), seed, missing)
    table = tw.correlation(columns, trend=0, reach=(3, 2))
    values = (columns.intensity - columns.intensity.mean()).values
    places = {(a, b): v for a, b, v in zip(columns.n_a.values, columns.n_b.values, values)}  # noqa: B905
    count = len(values)
    variance = float(values @ values) / (count - 1)
    for a, b in ((1, 0), (-3, 2), (0, 2)):
        products = [
            v * places[p, q]
            for (p0, q0), v in places.items()
            if (p := p0 + a, q := q0 + b) in places
        ]
        cell = table.sel(offset_a=a, offset_b=b)
        assert int(cell["count"]) == len(products)
        expected = np.mean(products) / variance + 1 / count
        assert float(cell.correlation) == pytest.approx(expected, abs=1e-9)


def test_sites_that_alternate_correlate_with_alternating_sign():
    n_a = np.arange(50)[:, None]
    field = (-1.0) ** n_a + white() * 0.5
    lattice = tw.make_lattice((0.4, 0.0), (0.0, 0.5))
    table = tw.correlation(crystal(field), reach=4, lattice=lattice)
    row = table.correlation.sel(offset_b=0)
    assert float(row.sel(offset_a=0)) == 1.0
    np.testing.assert_allclose(row.sel(offset_a=[1, 2, 3, 4]), [-0.8, 0.8, -0.8, 0.8], atol=0.1)
    np.testing.assert_allclose(table.correlation, table.correlation.values[::-1, ::-1], rtol=1e-9)
    assert float(table.p_value.sel(offset_a=1, offset_b=0)) < 1e-30
    assert np.isnan(float(table.p_value.sel(offset_a=0, offset_b=0)))
    assert float(table.distance.sel(offset_a=3, offset_b=4)) == pytest.approx(np.hypot(1.2, 2.0))
    assert table.distance.attrs["units"] == "nm"


@pytest.mark.parametrize("trend", [0, 5])
def test_independent_values_do_not_correlate(trend):
    tables = [
        tw.correlation(crystal(white(seed), seed), reach=2, trend=trend) for seed in range(120)
    ]
    pulls = np.array(
        [(t.correlation / t.correlation_std.where(t.correlation_std > 0)) for t in tables]
    )
    near = pulls[:, 3, 2], pulls[:, 2, 3], pulls[:, 4, 4]
    for column in near:
        assert abs(column.mean()) < 0.35
        assert column.std() == pytest.approx(1, abs=0.2)
    p = [float(t.p_value.sel(offset_a=1, offset_b=1)) for t in tables]
    assert stats.kstest(p, "uniform").pvalue > 0.005


def test_offsets_without_pairs_are_nan():
    columns = crystal(white(), missing=0)
    columns = columns.isel(column=columns.n_a.values == 3)
    table = tw.correlation(columns, reach=2, trend=0)
    assert np.isnan(table.correlation.sel(offset_a=1)).all()
    assert (table["count"].sel(offset_a=1) == 0).all()
    assert np.isfinite(table.correlation.sel(offset_a=0)).all()


@pytest.mark.parametrize("reach", [0, 1.5, (1, 2, 3), (3, 0)])
def test_reach_sentence(reach):
    with pytest.raises(ValueError, match="reach is a number of cells"):
        tw.correlation(crystal(white()), reach=reach)


def test_sentences():
    columns = crystal(white())
    with pytest.raises(ValueError, match="no correlation"):
        tw.correlation(columns.assign(intensity=0 * columns.intensity))
    with pytest.raises(ValueError, match="not numbered"):
        tw.correlation(columns.drop_vars("n_b"))
    with pytest.raises(TypeError, match="A lattice is"):
        tw.correlation(columns, lattice=1)


def test_many_offsets_are_corrected_for():
    found = [
        (tw.correlation(crystal(white(seed), seed), reach=6).p_adjusted < 0.05).any()
        for seed in range(100)
    ]
    assert sum(bool(f) for f in found) <= 12
    alternating = (-1.0) ** np.arange(50)[:, None] + white()
    table = tw.correlation(crystal(alternating), reach=(4, 3))
    np.testing.assert_array_equal(table.p_adjusted, table.p_adjusted.values[::-1, ::-1])
    assert np.isnan(table.p_adjusted.sel(offset_a=0, offset_b=0))
    known = table.p_adjusted.values > 0
    assert (table.p_adjusted.values[known] >= table.p_value.values[known] - 1e-15).all()
    assert float(table.p_adjusted.sel(offset_a=3, offset_b=0)) < 1e-20


def test_offsets_of_one_length_are_averaged():
    lattice = tw.make_lattice((0.4, 0.0), (0.0, 0.4))
    table = tw.correlation(crystal(white()), reach=3, lattice=lattice)
    shells = correlation_by_distance(table, tolerance=0.02)
    lengths = 0.4 * np.sqrt([1, 2, 4, 5, 8, 9])
    np.testing.assert_allclose(shells.distance, lengths)
    sides = [table.sel(offset_a=1, offset_b=0), table.sel(offset_a=0, offset_b=1)]
    pairs = np.array([int(side["count"]) for side in sides])
    assert int(shells["count"][0]) == pairs.sum()
    expected = sum(n * float(side.correlation) for n, side in zip(pairs, sides, strict=True))
    assert float(shells.correlation[0]) == pytest.approx(expected / pairs.sum())
    coarse = correlation_by_distance(table, tolerance=10.0)
    assert coarse.sizes["shell"] == 1
    assert correlation_by_distance(table).sizes["shell"] == 4
    assert shells.distance.attrs["units"] == "nm"


def test_errors_of_shells_are_those_of_independent_values():
    lattice = tw.make_lattice((0.4, 0.0), (0.0, 0.41))
    pulls = []
    for seed in range(120):
        table = tw.correlation(crystal(white(seed), seed), reach=2, lattice=lattice)
        shells = correlation_by_distance(table, tolerance=0.05)
        pulls.append((shells.correlation / shells.correlation_std).values)
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.35
    np.testing.assert_allclose(np.std(pulls, axis=0), 1, atol=0.2)


def test_sentences_of_shells():
    table = tw.correlation(crystal(white()))
    with pytest.raises(ValueError, match="has no distances"):
        correlation_by_distance(table)
    table = tw.correlation(crystal(white()), lattice=tw.make_lattice((0.4, 0.0), (0.0, 0.4)))
    with pytest.raises(ValueError, match="tolerance is a positive length"):
        correlation_by_distance(table, tolerance=0)
