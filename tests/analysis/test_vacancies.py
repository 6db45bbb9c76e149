import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis.lattice_data import site_points
from temwidgets.analysis.vacancies import _enclosed
from temwidgets.synthetic.rendering import render

LATTICE = tw.make_lattice((0.4, 0.05), (-0.03, 0.5), origin=(5.0, -3.0), sites=((0, 0), (0.5, 0.5)))


def crystal(seed=0, size=28, share=0.04, depth=0.4, sd=0.06):
    """Columns of two sites on a wedge, and which of them miss intensity."""
    rng = np.random.default_rng(seed)
    n_a, n_b, site = np.mgrid[:size, :size, :2].reshape(3, -1)
    y, x = site_points(LATTICE, n_a, n_b, site)
    vacant = rng.random(y.size) < share
    level = np.array([2.0, 0.8])[site] * (1 + 0.6 * np.sin(n_a / 8) + n_b / size)
    values = level * (1 - depth * vacant) + sd * rng.normal(size=y.size)
    columns = tw.make_columns(y + 0.01 * rng.normal(size=y.size), x)
    variables = {"n_a": n_a.astype(float), "n_b": n_b.astype(float), "site": site}
    for name, data in (variables | {"intensity": values}).items():
        columns[name] = ("column", data, {"units": "counts nm²"})
    return columns, vacant


def test_false_discoveries_keep_their_rate():
    rates, powers = [], []
    for seed in range(12):
        columns, vacant = crystal(seed)
        found = tw.find_vacancies(columns).vacancy_candidate.values
        rates.append((found & ~vacant).sum() / max(found.sum(), 1))
        powers.append((found & vacant).sum() / vacant.sum())
    assert np.mean(rates) < 0.05
    assert np.mean(powers) > 0.8


def test_a_perfect_crystal_has_none():
    found = [
        int(tw.find_vacancies(crystal(s, 18, 0.0)[0]).vacancy_candidate.sum()) for s in range(15)
    ]
    assert np.mean([n > 0 for n in found]) <= 0.2


def test_results_tell_how_much_is_missing():
    columns, vacant = crystal(depth=0.5)
    columns["intensity"][3] = np.nan
    columns["site"][7] = -1
    found = tw.find_vacancies(columns)
    odd = vacant & found.vacancy_candidate.values
    assert float(found.vacancy_contrast[odd].median()) == pytest.approx(-0.5, abs=0.05)
    np.testing.assert_allclose(
        found.vacancy_deviation / found.vacancy_contrast,
        found.intensity - found.vacancy_deviation,
        rtol=1e-9,
    )
    assert np.isnan(found.vacancy_p[[3, 7]]).all()
    assert not found.vacancy_candidate[[3, 7]].any()
    assert found.vacancy_deviation.attrs["units"] == "counts nm²"
    assert (found.attrs["vacancy_fdr"], found.attrs["vacancy_kind"]) == (0.05, "vacancy")


def test_dopants_and_both():
    columns, odd = crystal(depth=-0.6)
    assert not tw.find_vacancies(columns).vacancy_candidate[odd].any()
    for kind in ("dopant", "both"):
        found = tw.find_vacancies(columns, kind=kind).vacancy_candidate.values
        assert (found & odd).sum() > 0.85 * odd.sum()
        assert (found & ~odd).sum() <= 0.12 * found.sum()


def test_on_an_image_with_weak_columns():
    site = tw.synthetic.Site(0, 0, 1.0, 2.6)
    image, truth = tw.synthetic.lattice_image(
        (260, 300), (0.0, 13.0), (13.0, 0.0), [site], dose=400.0, background=0.2, seed=1
    )
    rng = np.random.default_rng(2)
    inside = (truth.y > 8) & (truth.y < 252) & (truth.x > 8) & (truth.x < 292)
    weak = (rng.random(truth.sizes["column"]) < 0.06) & inside.values
    truth["amplitude"] = truth.amplitude / 400 * np.where(weak, 0.8, 1.0)
    noisy = render(truth, image, background=0.2, dose=400.0, seed=4)
    # fits, which are slow to compile, are in tests/benchmarks/order.py
    summed = tw.voronoi_intensity(noisy, truth, background=80.0)
    found = tw.find_vacancies(summed, variable="voronoi_intensity").vacancy_candidate.values
    assert (found & weak).sum() >= 0.8 * weak.sum()
    assert (found & ~weak).sum() <= 0.15 * found.sum()


def test_sites_without_a_column():
    columns, _ = crystal(size=12)
    gone = (columns.n_a == 5) & (columns.n_b.isin([5, 6])) & (columns.site == 1)
    gone |= (columns.n_a == 0) & (columns.n_b == 4) & (columns.site == 0)
    found = tw.find_vacancies(columns.isel(column=~gone.values), LATTICE)
    table = np.column_stack([found[f"missing_{n}"].values for n in ("site", "n_a", "n_b")])
    # at the edge itself four of five neighbours are there: not told from the outside
    np.testing.assert_array_equal(table, [[0, 0, 4], [1, 5, 5], [1, 5, 6]])
    lost = columns.isel(column=gone.values).sortby(["site", "n_b"])
    np.testing.assert_allclose(found.missing_y, lost.y, atol=0.05)
    np.testing.assert_allclose(found.missing_x, lost.x, atol=1e-9)
    assert found.missing_y.attrs["units"] == "nm"
    again = tw.find_vacancies(found, LATTICE)
    assert again.sizes["missing"] == 3
    assert "missing" not in tw.find_vacancies(found).dims


@given(slope=st.floats(-5, 5), offset=st.floats(-4, 4), wedge=st.floats(0, 3))
def test_nothing_is_missing_beyond_a_convex_edge(slope, offset, wedge):
    cells = np.mgrid[-9:10, -9:10].reshape(2, -1).T
    inside = (cells[:, 0] + slope * cells[:, 1] <= offset) & (
        cells[:, 1] - wedge * cells[:, 0] <= 5
    )
    assert len(_enclosed(cells[inside])) == 0


def test_values_without_noise():
    columns, _ = crystal(share=0.0, sd=0.0)
    columns["intensity"] = 0 * columns.intensity + 3
    assert not tw.find_vacancies(columns).vacancy_candidate.any()
    columns["intensity"][40] = 1.0
    for kind in ("vacancy", "both"):
        candidates = tw.find_vacancies(columns, kind=kind).vacancy_candidate
        assert np.flatnonzero(candidates).tolist() == [40]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "hole"}, "kind is vacancy, dopant or both"),
        ({"fdr": 0.0}, "fdr is a fraction"),
        ({"neighbours": 3}, "neighbours is a whole number from 6"),
        ({"variable": "height"}, "no height"),
        ({"lattice": tw.make_lattice((0, 1), (1, 0), units="px")}, "lattice is in px"),
    ],
)
def test_sentences(options, message):
    with pytest.raises(ValueError, match=message):
        tw.find_vacancies(crystal(size=8)[0], **options)


def test_more_sentences():
    columns, _ = crystal(size=8)
    with pytest.raises(ValueError, match="No site has 30 columns"):
        tw.find_vacancies(columns.isel(column=slice(20)))
    with pytest.raises(TypeError, match="A lattice is"):
        tw.find_vacancies(columns, 3)
    with pytest.raises(ValueError, match="no n_a: their cells"):
        tw.find_vacancies(columns.drop_vars("n_a"), LATTICE)
