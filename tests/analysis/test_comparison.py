import numpy as np
import pytest
from scipy import stats

import temwidgets as tw
from temwidgets.conventions import CancelledError


def crystal(seed=0, size=(20, 24), step=0.0, slow=0.0, missing=0.08, sd=0.1):
    """A rocksalt-like board: sites 0 and 1 alternate; `step` between them, `slow` background."""
    rng = np.random.default_rng(seed)
    n_a, n_b, site = np.mgrid[-4 : size[0] - 4, 3 : size[1] + 3, :2].reshape(3, -1)
    kept = rng.random(n_a.size) >= missing
    n_a, n_b, site = n_a[kept], n_b[kept], site[kept]
    columns = tw.make_columns(0.4 * n_a + 0.2 * site + 5, 0.5 * n_b + 0.25 * site - 8)
    level = 1 + step * (site == 0) + slow * np.sin(columns.y.values / 2) * columns.x.values / 10
    variables = {"n_a": n_a.astype(float), "n_b": n_b.astype(float), "site": site}
    variables |= {"intensity": level + sd * rng.normal(size=site.size)}
    variables |= {"sigma_major": 0.1 + 0.01 * rng.normal(size=site.size)}
    for name, data in variables.items():
        unit = {"intensity": "counts nm²", "sigma_major": "nm"}.get(name, "1")
        columns[name] = ("column", data, {"units": unit})
    return columns


def test_a_difference_is_found_over_a_background():
    table = tw.compare_sites(crystal(step=0.05, slow=2.0), ["intensity", "sigma_major"])
    assert table.sizes["comparison"] == 2
    assert list(table["first"].values) == ["site 0", "site 0"]
    assert list(table["second"].values) == ["site 1", "site 1"]
    assert list(table["variable"].values) == ["intensity", "sigma_major"]
    assert list(table["unit"].values) == ["counts nm²", "nm"]
    assert table.significant.values.tolist() == [True, False]
    row = table.isel(comparison=0)
    assert abs(float(row.difference) - 0.05) < 4 * float(row.difference_std) < 0.05
    assert float(row.effect_size) == pytest.approx(0.5, abs=4 * float(row.effect_size_std))
    assert float(row.statistic) == pytest.approx(float(row.difference / row.difference_std))
    assert int(row.first_count + row.second_count) == crystal().sizes["column"]


@pytest.mark.parametrize("background", ["local", "smooth", "none"])
def test_false_alarms_come_at_their_rate(background):
    slow = 0.0 if background == "none" else 1.5
    p = [
        float(tw.compare_sites(crystal(s, (8, 9), slow=slow), background=background).p_value[0])
        for s in range(150)
    ]
    assert stats.kstest(p, "uniform").pvalue > 0.003


def test_a_slow_background_fakes_a_difference_only_without_the_option():
    columns = crystal()
    # columns of the upper half: a wedge makes them brighter
    columns["intensity"] = columns.intensity + 0.3 * (columns.y - 5)
    upper = columns.y.values > np.median(columns.y)
    groups = {"up": columns.column.values[upper], "down": columns.column.values[~upper]}
    plain = tw.compare_sites(columns, groups=groups, background="none")
    local = tw.compare_sites(columns, groups=groups)
    assert bool(plain.significant[0])
    assert not bool(local.significant[0])
    assert (plain["first"].item(), plain.attrs["groups"]) == ("up", "labels")


def test_parities_within_each_site():
    columns = crystal()
    odd = (columns.n_a + columns.n_b) % 2
    columns["intensity"] = columns.intensity + 0.08 * odd * (columns.site == 1)
    table = tw.compare_sites(columns, groups="parity_ab", correction="holm")
    assert list(table["first"].values) == [f"site {k}, n_a + n_b even" for k in (0, 1)]
    assert table.significant.values.tolist() == [False, True]
    assert float(table.difference[1]) < 0
    alone = tw.compare_sites(columns, groups="parity_ab", site=1)
    assert alone.sizes["comparison"] == 1
    assert float(alone.p_value[0]) == float(table.p_value[1])
    for groups in ("parity_a", "parity_b"):
        assert float(tw.compare_sites(columns, groups=groups).p_value.min()) > 0.002
    columns["lattice_domain"] = ("column", np.where(columns.n_a > 0, 1, 0))
    fewer = tw.compare_sites(columns, groups="parity_a", site=0)
    assert int(fewer.first_count[0]) < int(alone.first_count[0])


def test_sublattices_are_called_by_name():
    columns = crystal(step=0.1).rename(site="sublattice")
    columns["sublattice"].attrs["names"] = ["Sr", "Ti"]
    for groups in ("site", "sublattice"):
        table = tw.compare_sites(columns, groups=groups)
        assert (table["first"].item(), table["second"].item()) == ("Sr", "Ti")
    columns["sublattice"].attrs["names"] = ["O", "O"]
    assert tw.compare_sites(columns)["first"].item() == "sublattice 0"


def test_permutation_and_corrections():
    columns = crystal(step=0.03, size=(10, 12))
    names = ["intensity", "sigma_major", "y"]
    welch = tw.compare_sites(columns, names, correction="none")
    mixed = tw.compare_sites(columns, names, test="permutation", correction="none")
    np.testing.assert_allclose(mixed.p_value, welch.p_value, atol=0.05)
    np.testing.assert_array_equal(mixed.difference, welch.difference)
    np.testing.assert_array_equal(welch.p_adjusted, welch.p_value)
    p = welch.p_value.values
    holm = tw.compare_sites(columns, names, correction="holm").p_adjusted
    order = np.sort(p)
    expected = np.minimum(np.maximum.accumulate(order * [3, 2, 1]), 1)
    np.testing.assert_allclose(np.sort(holm), expected)
    rate = tw.compare_sites(columns, names).p_adjusted
    np.testing.assert_allclose(rate, stats.false_discovery_control(p))


def test_all_pairs_of_labelled_groups():
    columns = crystal(step=0.0)
    third = columns.column.values % 3
    groups = {f"g{k}": columns.column.values[third == k] for k in range(3)}
    table = tw.compare_sites(columns, groups=groups)
    pairs = list(zip(table["first"].values, table["second"].values, strict=True))
    assert pairs == [("g0", "g1"), ("g0", "g2"), ("g1", "g2")]


def test_too_few_or_lost_values_give_nan():
    columns = crystal()
    columns["intensity"] = columns.intensity.where(columns.site == 0)
    table = tw.compare_sites(columns)
    assert int(table.second_count[0]) == 0
    assert np.isnan([table.difference[0], table.p_value[0], table.p_adjusted[0]]).all()
    assert not bool(table.significant[0])
    columns["intensity"] = 0 * columns.n_a + 2.0
    flat = tw.compare_sites(columns)
    assert float(flat.difference[0]) == pytest.approx(0, abs=1e-9)
    few = tw.compare_sites(crystal().isel(column=slice(0, 6)))
    assert np.isfinite(few.difference[0])


def test_report_and_cancel():
    seen = []
    tw.compare_sites(crystal(), ["intensity", "y"], report=seen.append)
    assert seen == [0.5, 1.0]

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.compare_sites(crystal(), report=stop)


def test_netcdf(tmp_path):
    import xarray as xr

    table = tw.compare_sites(crystal())
    table.to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    assert xr.load_dataset(tmp_path / "c.nc", engine="h5netcdf")["first"].item() == "site 0"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variables": []}, "variables is empty"),
        ({"variables": "height"}, "no height"),
        ({"variables": "theta"}, "theta is an angle .* Compare sigma_major"),
        ({"groups": "row"}, "groups is site, sublattice, parity_a"),
        ({"groups": "sublattice"}, "no sublattice"),
        ({"groups": {"only": [0, 1, 2]}}, "no two groups"),
        ({"groups": {"p": [0, 10**6], "q": [1]}}, r"'p' names no column \[1000000\]"),
        ({"groups": {"p": [0, 1], "q": [1]}}, r"'p' and 'q' share columns \[1\]"),
        ({"groups": "parity_a", "site": 5}, r"no site 5; there are \[0, 1\]"),
        ({"site": 0}, "site chooses whose parities"),
        ({"background": "wedge"}, "background is one of local, smooth, none"),
        ({"test": "z"}, "test is one of welch, permutation"),
        ({"correction": "bonferroni"}, "correction is one of"),
        ({"level": 1.0}, "level is a probability"),
        ({"permutations": 10}, "whole number from 99"),
    ],
)
def test_sentences(options, message):
    with pytest.raises(ValueError, match=message):
        tw.compare_sites(crystal(), **options)


def test_parity_needs_cells():
    with pytest.raises(ValueError, match="no n_b: their cells are not numbered"):
        tw.compare_sites(crystal().drop_vars("n_b"), groups="parity_a")
