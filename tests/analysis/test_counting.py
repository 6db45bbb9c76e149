import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import CancelledError


def wedge(n=900, sd=0.15):
    rng = np.random.default_rng(3)
    number = rng.integers(4, 9, n)
    columns = tw.make_columns(np.arange(float(n)), np.zeros(n))
    intensity = 20 + 30 * (number + sd * rng.normal(size=n))
    columns["intensity"] = ("column", intensity, {"units": "counts nm²"})
    return columns, number


@pytest.mark.parametrize("spacing", ["equal", "free"])
def test_atoms_are_counted(spacing):
    columns, number = wedge()
    columns["intensity"][[2, 5]] = np.nan
    counted = tw.count_atoms(columns, first=4, spacing=spacing, max_components=9)
    known = np.isfinite(columns.intensity.values)
    assert (counted.atom_count.values[known] == number[known]).mean() > 0.99
    assert np.isnan(counted.atom_count.values[~known]).all()
    assert np.isnan(counted.atom_count_probability.values[~known]).all()
    assert counted.atom_count_probability.values[known].min() > 0.2
    np.testing.assert_array_equal(counted.atoms, np.arange(4, 9))
    np.testing.assert_allclose(counted.count_mean, 20 + 30 * np.arange(4, 9), rtol=0.02)
    assert counted.count_mean.attrs["units"] == "counts nm²"
    assert int(counted.count_components[counted.count_icl.argmin("count_components")]) == 5
    wrong = (counted.atom_count.values[known] != number[known]).mean()
    assert counted.attrs["count_misassigned"] == pytest.approx(wrong, abs=0.005)
    assert counted.attrs["count_hint"] == ""


def test_where_counting_starts_is_the_users_word():
    columns, number = wedge()
    counted = tw.count_atoms(columns, first=0, n_components=5)
    assert (counted.atom_count.values == number - 4).mean() > 0.99
    assert counted.sizes["count_components"] == 1


def test_widths_that_grow_and_steps_through_zero():
    rng = np.random.default_rng(0)
    number = rng.integers(1, 6, 800)
    columns = tw.make_columns(np.arange(800.0), np.zeros(800))
    noise = 0.1 * np.sqrt(number) * rng.normal(size=800)
    columns["voronoi_intensity"] = ("column", 7 * (number + noise), {"units": "counts"})
    counted = tw.count_atoms(
        columns, variable="voronoi_intensity", spacing="proportional", width="sqrt"
    )
    assert (counted.atom_count.values == number).mean() > 0.98
    np.testing.assert_allclose(counted.count_sd, 0.7 * np.sqrt(np.arange(1, 6)), rtol=0.1)


def test_overlapping_steps_make_the_criteria_disagree():
    columns, number = wedge(sd=0.3)
    by_icl = tw.count_atoms(columns, first=4, max_components=8)
    by_bic = tw.count_atoms(columns, first=4, max_components=8, criterion="bic")
    assert "The criteria disagree: ICL says 1 components, BIC 5" in by_icl.attrs["count_hint"]
    assert by_bic.sizes["atoms"] == 5
    wrong = (by_bic.atom_count.values != number).mean()
    assert by_bic.attrs["count_misassigned"] == pytest.approx(wrong, abs=0.03)


def test_one_sublattice_and_earlier_counts_are_replaced():
    columns, _ = wedge()
    columns["sublattice"] = ("column", np.arange(900) % 2)
    first = tw.count_atoms(columns, n_components=5)
    second = tw.count_atoms(first, n_components=3, sublattice=1)
    assert second.sizes["atoms"] == 3
    np.testing.assert_array_equal(np.isnan(second.atom_count), columns.sublattice == 0)


def test_report_and_cancel():
    seen = []
    tw.count_atoms(wedge(100)[0], max_components=3, report=seen.append)
    assert seen[-1] == 1.0

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.count_atoms(wedge(100)[0], report=stop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spacing": "even"}, "spacing is equal, free or proportional"),
        ({"width": "free"}, "width is equal or sqrt"),
        ({"criterion": "aic"}, 'criterion is "icl" or "bic"'),
        ({"first": -1}, "first is a number of atoms from 0"),
        ({"first": 0, "width": "sqrt"}, "neither width nor intensity"),
        ({"first": 0, "spacing": "proportional"}, "neither width nor intensity"),
        ({"max_components": 0}, "max_components is a whole number"),
        ({"n_components": 1.5}, "n_components is a whole number"),
        ({"n_components": 30}, "100 finite values are too few for 30 components"),
        ({"variable": "height"}, "no height"),
        ({"sublattice": 3}, "no sublattice"),
    ],
)
def test_sentences(options, message):
    with pytest.raises(ValueError, match=message):
        tw.count_atoms(wedge(100)[0], **options)
