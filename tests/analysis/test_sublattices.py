import numpy as np
import pytest

import temwidgets as tw
from temwidgets import synthetic


def with_amplitude(values):
    columns = tw.make_columns(np.arange(len(values)), np.arange(len(values)))
    return columns.assign(amplitude=("column", np.asarray(values, float)))


@pytest.mark.parametrize("name", ["perovskite", "crowded", "honeycomb", "hexagonal"])
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.1])
def test_sublattices_of_synthetic_crystals(name, spread):
    _, truth = getattr(synthetic, name)((300, 300), amplitude_spread=spread)
    labelled = tw.label_sublattices(truth.drop_vars("sublattice"))
    assert (labelled.sublattice.values == truth.sublattice.values).mean() > 0.998


@pytest.mark.parametrize("draw", ["gamma", "exponential", "uniform", "laplace", "lognormal", "t"])
def test_one_broad_population_is_not_split(draw):
    rng = np.random.default_rng(0)
    values = {
        "gamma": lambda: rng.gamma(9, size=2000),
        "exponential": lambda: rng.exponential(size=2000),
        "uniform": lambda: rng.uniform(1, 2, 2000),
        "laplace": lambda: rng.laplace(10, 1, 2000),
        "lognormal": lambda: rng.lognormal(0, 0.4, 2000),
        "t": lambda: 20 + rng.standard_t(3, 2000),
    }[draw]()
    assert set(tw.label_sublattices(with_amplitude(values)).sublattice.values) == {0}


def test_a_few_dopants_make_no_sublattice():
    rng = np.random.default_rng(0)
    values = np.r_[rng.normal(1, 0.05, 900), rng.normal(2, 0.08, 900), rng.normal(8, 1, 40)]
    for n in (None, 2):
        labels = tw.label_sublattices(with_amplitude(values), n=n).sublattice.values
        np.testing.assert_array_equal(labels, np.repeat([1, 0, 0], (900, 900, 40)))


def test_three_unequal_ones_brightest_first():
    rng = np.random.default_rng(0)
    parts = [rng.normal(3, 0.1, 900), rng.normal(1, 0.05, 900), rng.normal(2, 0.1, 300)]
    labels = tw.label_sublattices(with_amplitude(np.concatenate(parts))).sublattice.values
    assert (labels == np.repeat([0, 2, 1], (900, 900, 300))).mean() > 0.995


def test_number_may_be_given():
    values = np.random.default_rng(0).normal(10, 1, 600)
    for n in (1, 2, 3):
        found = tw.label_sublattices(with_amplitude(values), n=n).sublattice.values
        assert set(found) == set(range(n))
        means = [values[found == k].mean() for k in range(n)]
        assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("name", ["perovskite", "honeycomb"])
def test_local_comparison_sees_through_a_wedge(name):
    _, truth = getattr(synthetic, name)((300, 300), amplitude_spread=0.03)
    wedge = truth.assign(amplitude=truth.amplitude * (0.3 + truth.x / 300 * 1.7))
    labelled = tw.label_sublattices(wedge, method="local")
    assert (labelled.sublattice == truth.sublattice).mean() > 0.99
    flat = tw.label_sublattices(wedge, method="global")
    assert (flat.sublattice.values == truth.sublattice.values).mean() < 0.9


def test_nan_is_unassigned_and_order_is_kept():
    values = np.r_[np.full(50, 1.0), np.full(50, 2.0)]
    values[[0, 99]] = np.nan
    labels = tw.label_sublattices(with_amplitude(values), n=2).sublattice
    assert labels.values[[0, 1, 98, 99]].tolist() == [-1, 1, 0, -1]
    assert labels.attrs["units"] == "1"


def test_variable_is_the_first_there_is():
    columns = with_amplitude([1.0] * 30 + [2.0] * 30)
    renamed = columns.rename(amplitude="height")
    assert (
        tw.label_sublattices(renamed).sublattice == tw.label_sublattices(columns).sublattice
    ).all()
    assert set(tw.label_sublattices(columns, "y", n=3).sublattice.values) == {0, 1, 2}


def test_names():
    columns = with_amplitude([1.0] * 30 + [2.0] * 30)
    named = tw.label_sublattices(columns, names=("Sr", "Ti"))
    assert named.sublattice.attrs["names"] == ["Sr", "Ti"]
    with pytest.raises(ValueError, match="3 names came, but 2 sublattices"):
        tw.label_sublattices(columns, names="ABC")


@pytest.mark.parametrize("values", [[5.0] * 40, [1.0, 2.0], [3.0, np.nan, 3.0]])
def test_nothing_to_tell_apart(values):
    labels = tw.label_sublattices(with_amplitude(values)).sublattice.values
    assert set(labels) <= {0, -1}


def test_sentences():
    columns = with_amplitude([1.0, np.nan])
    with pytest.raises(ValueError, match="too few to tell"):
        tw.label_sublattices(columns)
    with pytest.raises(ValueError, match="too few to tell 5"):
        tw.label_sublattices(with_amplitude([1.0, 2.0]), n=5)
    with pytest.raises(ValueError, match="none of amplitude"):
        tw.label_sublattices(columns.drop_vars("amplitude"))
    with pytest.raises(ValueError, match='"global" or "local"'):
        tw.label_sublattices(columns, method="near")
    for wrong in ({"n": 0}, {"max_sublattices": 0}):
        with pytest.raises(ValueError, match="whole number from 1"):
            tw.label_sublattices(with_amplitude([1.0, 2.0, 3.0]), **wrong)
