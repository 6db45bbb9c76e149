import numpy as np
import pytest

import temwidgets as tw


def test_the_density_is_that_of_the_counted_components():
    rng = np.random.default_rng(0)
    columns = tw.make_columns(*np.zeros((2, 300)))
    atoms = rng.integers(3, 6, 300)
    columns["intensity"] = ("column", 2.0 * atoms + rng.normal(0, 0.2, 300), {"units": "counts"})
    counted = tw.count_atoms(columns, first=3)
    mixture = tw.count_mixture(counted)
    assert mixture["population"].values.tolist() == [3, 4, 5]
    assert mixture.attrs == {"variable": "intensity", "n_columns": 300}
    x = np.linspace(3, 13, 2001)
    density = tw.mixture_density(mixture, x)
    np.testing.assert_allclose(density.sum() * (x[1] - x[0]), 1, atol=1e-6)
    assert x[density.sel(population=4).values.argmax()] == pytest.approx(8, abs=0.1)


def test_nothing_counted_is_said():
    with pytest.raises(ValueError, match="No atoms were counted yet"):
        tw.count_mixture(tw.make_columns([0.0], [0.0]))
