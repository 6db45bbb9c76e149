import numpy as np
import pytest

from temwidgets.kernels.fourier.rims import is_rim

SIDES = np.ones(2)
G = np.array([0.0, 0.1])


def ringing(shape=(120, 160), step=0.0):
    """A few fringes along the edge of a thing, which is brighter than nothing by `step`."""
    x = np.indices(shape)[1]
    fringes = np.cos(2 * np.pi * 0.1 * (x - 80)) * np.exp(-(((x - 80) / 15) ** 2))
    return fringes + step * (x > 80)


def places(low=65, high=95):
    y, x = np.mgrid[20:100:4, low:high:4]
    return np.stack([y.ravel(), x.ravel()], axis=1)


def test_few_fringes_along_a_step_are_a_rim():
    assert is_rim(ringing(step=3.0), SIDES, places(), G, 8.0, 1.0)


def test_few_fringes_on_even_ground_are_not():
    noise = 0.3 * np.random.default_rng(0).standard_normal((120, 160))
    assert not is_rim(ringing() + noise, SIDES, places(), G, 8.0, 1.0)


def test_a_change_of_roughness_is_an_edge_too():
    noise = 0.3 * np.random.default_rng(0).standard_normal((120, 160))
    noise[:, 80:] *= 4
    assert is_rim(ringing() + noise, SIDES, places(), G, 8.0, 1.0)


@pytest.mark.parametrize("step", [0.0, 3.0])
def test_many_fringes_are_a_lattice_whatever_lies_beside(step):
    assert not is_rim(ringing(step=step), SIDES, places(10, 150), G, 8.0, 1.0)


def test_sides_beyond_the_image_are_looked_at_where_it_ends():
    noise = 0.3 * np.random.default_rng(0).standard_normal((120, 160))
    noise[:, 80:] *= 4
    cut = (ringing() + noise)[:, 60:100]  # less than a window on either side of the fringes
    assert is_rim(cut, SIDES, places() - [0, 60], G, 8.0, 1.0)
