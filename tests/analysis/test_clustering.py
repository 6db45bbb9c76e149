"""Sublattices by clustering: found without a lattice, in number and members."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import CancelledError, Flag, flag_variable, make_columns, quantity
from temwidgets.synthetic import Site, hexagonal, honeycomb, lattice_image, perovskite

DIRECTIONS = ("brightness", "directions")
ROUGH = {"amplitude_spread": 0.08, "jitter": 0.4, "vacancies": 0.04}


def columns_of(maker, *args, noise=0.03, **options):
    """The truth of an image, with errors of a fit, as if it had been fitted."""
    _, truth = maker(*args, **options)
    random = np.random.default_rng(1)
    spread = 1 + noise * random.standard_normal(truth.sizes["column"])
    return truth.assign(
        amplitude=truth["amplitude"].copy(data=truth["amplitude"].values * spread),
        **_shape(truth, random),
    )


def _shape(columns, random):
    theta = np.deg2rad(columns["theta"].values)
    major, minor = columns["sigma_major"].values ** 2, columns["sigma_minor"].values ** 2
    size, part = (major + minor) / 2, (major - minor) / 2
    values = {
        "shape_yy": size - part * np.cos(2 * theta),
        "shape_yx": part * np.sin(2 * theta),
        "shape_xx": size + part * np.cos(2 * theta),
    }
    return {
        name: quantity("column", v + 0.02 * size * random.standard_normal(v.size), "px²", name)
        for name, v in values.items()
    }


def wrong(columns, truth):
    """Columns in another sublattice than the truth says, up to a renaming; all if n is wrong."""
    mine, theirs = columns["sublattice"].values, truth["sublattice"].values
    pairs = set(zip(mine.tolist(), theirs.tolist(), strict=True))
    if len(np.unique(mine)) != len(np.unique(theirs)):
        return mine.size
    best = {k: np.bincount(theirs[mine == k]).argmax() for k, _ in pairs}
    return int((np.vectorize(best.get)(mine) != theirs).sum())


def faint_third(**options):
    sites = [Site(0, 0, 1.0), Site(0.5, 0.5, 0.6), Site(0.5, 0, 0.15), Site(0, 0.5, 0.15)]
    sites[2:] = [site._replace(sublattice=2) for site in sites[2:]]
    return lattice_image((300, 340), (0.0, 22.0), (22.0, 0.0), sites, rotation=4.0, **options)


def dumbbells(**options):
    sites = [Site(0, 0), Site(0, 0.25), Site(0.5, 0.5), Site(0.5, 0.75)]
    sites = [site._replace(sublattice=k % 2) for k, site in enumerate(sites)]
    return lattice_image((300, 340), (0.0, 26.0), (36.8, 0.0), sites, rotation=5.0, **options)


@pytest.mark.parametrize("maker", [perovskite, honeycomb, faint_third, hexagonal])
def test_sublattices_of_different_brightness(maker):
    truth = columns_of(maker, **({} if maker is faint_third else {"shape": (300, 340)}), **ROUGH)
    assert wrong(tw.cluster_columns(truth), truth) == 0


def test_the_brightest_is_first_and_probabilities_are_told():
    truth = columns_of(perovskite, (200, 240), sampling=(0.02, 0.025), origin=(5.0, -2.0))
    sorted_ = tw.cluster_columns(truth)
    np.testing.assert_array_equal(sorted_["sublattice"], truth["sublattice"])
    assert (sorted_["sublattice_probability"] > 0.99).all()
    assert sorted_["sublattice"].attrs["features"] == ["brightness", "neighbours"]


@pytest.mark.parametrize("maker", [honeycomb, dumbbells])
def test_equal_columns_are_told_by_directions_alone(maker):
    options = {"heights": (1.0, 1.0), "shape": (300, 340)} if maker is honeycomb else {}
    truth = columns_of(maker, **options, **ROUGH)
    assert wrong(tw.cluster_columns(truth, features=DIRECTIONS), truth) == 0
    assert tw.cluster_columns(truth)["sublattice"].max() == 0
    assert tw.label_sublattices(truth)["sublattice"].max() == 0


def test_a_gradient_of_thickness():
    truth = columns_of(perovskite, (300, 340), amplitude_spread=0.03)
    truth["amplitude"] = truth["amplitude"] * (0.4 + 0.9 * truth["y"] / 300)
    assert wrong(tw.cluster_columns(truth), truth) == 0
    assert wrong(tw.cluster_columns(truth, features=("contrast",)), truth) < 20
    assert wrong(tw.label_sublattices(truth, n=2), truth) > 50


def test_shapes():
    sites = [Site(0, 0, 1.0, 3.4, 2.6, 0.0), Site(0.5, 0.5, 1.0, 3.4, 2.6, 90.0)]
    truth = columns_of(lattice_image, (300, 340), (0.0, 24.0), (24.0, 0.0), sites, **ROUGH)
    features = ("brightness", "shape", "neighbours")
    assert wrong(tw.cluster_columns(truth, features=features), truth) == 0
    with pytest.raises(ValueError, match="needs fitted shapes"):
        tw.cluster_columns(truth.drop_vars("shape_yx"), features=features)


def test_a_turned_crystal_has_the_same_neighbours():
    truth = columns_of(perovskite, (300, 340), rotation=33.0, **ROUGH)
    assert wrong(tw.cluster_columns(truth, features=("neighbours",)), truth) == 0


def test_the_number_can_be_given():
    truth = columns_of(faint_third)
    two = tw.cluster_columns(truth, n=2)["sublattice"].values
    assert set(two) == {0, 1}
    assert (two[truth["sublattice"] == 2] == 1).all()
    assert tw.cluster_columns(truth, n=1)["sublattice"].max() == 0


def test_tungsten_and_selenium_in_a_real_monolayer():
    found = tw.find_columns(tw.examples.load("ti_wse2"))
    sorted_ = tw.cluster_columns(found, features=("contrast", "directions"))
    number = sorted_["sublattice"].values
    assert set(number) == {0, 1}
    # a honeycomb: the three nearest of each are of the other kind
    from scipy.spatial import cKDTree

    points = np.column_stack([found["y"], found["x"]])
    _, near = cKDTree(points).query(points, 4)
    inside = (abs(points - points.mean(axis=0)) < 9.0).all(axis=1)
    other = number[near[:, 1:]] != number[:, None]
    assert other[inside].mean() > 0.95


def test_what_is_not_known_is_not_assigned():
    truth = columns_of(perovskite, (200, 240))
    truth["amplitude"][3] = np.nan
    truth["flags"] = flag_variable(np.where(np.arange(truth.sizes["column"]) == 3, Flag.failed, 0))
    sorted_ = tw.cluster_columns(truth)
    assert sorted_["sublattice"][3] == -1
    assert np.isnan(sorted_["sublattice_probability"][3])
    assert (sorted_["sublattice"].drop_sel(column=3) >= 0).all()


def test_a_crystal_that_is_all_rim():
    truth = columns_of(perovskite, (90, 60))
    assert truth.sizes["column"] < 45
    assert wrong(tw.cluster_columns(truth, n=2), truth) == 0


def test_names_go_with_it():
    truth = columns_of(perovskite, (200, 240))
    named = tw.name_sublattices(tw.cluster_columns(truth), ["Sr", "Ti"])
    assert named["sublattice"].attrs["names"] == ["Sr", "Ti"]


def test_it_reports_and_can_be_stopped():
    truth = columns_of(perovskite, (200, 240))
    told = []
    tw.cluster_columns(truth, report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.cluster_columns(truth, report=stop)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"features": ("colour",)}, "features is a list of different ones of brightness"),
        ({"features": "brightness"}, "features is a list"),
        ({"features": ()}, "features is a list"),
        ({"features": ("shape", "shape")}, "features is a list"),
        ({"n": 0}, "whole number from 1, but 0 came"),
        ({"max_sublattices": 1.5}, r"whole number from 1, but 1\.5 came"),
        ({"variable": "mass"}, "The columns have no mass"),
        ({"n": 9}, "clustering needs 45"),
    ],
)
def test_what_is_wrong(options, sentence):
    columns = make_columns(np.arange(40.0), np.arange(40.0) ** 2)
    columns["amplitude"] = quantity("column", np.ones(40), "counts", "amplitude")
    with pytest.raises(ValueError, match=sentence):
        tw.cluster_columns(columns, **options)


def test_columns_that_are_all_alike():
    y, x = np.mgrid[:8, :9].reshape(2, -1) * 10.0
    columns = make_columns(y, x)
    columns["amplitude"] = quantity("column", np.ones(y.size), "counts", "amplitude")
    assert tw.cluster_columns(columns, features=("brightness",))["sublattice"].max() == 0
    with pytest.raises(ValueError, match="do not fall into 2 sublattices by brightness"):
        tw.cluster_columns(columns, n=2, features=("brightness",))


def test_without_brightness():
    with pytest.raises(ValueError, match="The columns have none of amplitude, height, intensity"):
        tw.cluster_columns(make_columns(np.arange(40.0), np.zeros(40)))
