import numpy as np
import pytest

from temwidgets.kernels.peaks import find_peaks, refine_at_border, strongest


def gaussians(shape, places, sigma):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return sum(
        np.exp(-(((rows - y) / sigma[0]) ** 2 + ((cols - x) / sigma[1]) ** 2) / 2)
        for y, x in places
    )


def test_peaks_to_a_fraction_of_a_pixel():
    places = np.array([[10.3, 12.7], [30.6, 20.2], [22.0, 50.4]])
    found, height = find_peaks(gaussians((44, 64), places, (3, 4)), 0.1, 6.0, (1.0, 1.0))
    order = np.argsort(found[:, 0])
    np.testing.assert_allclose(found[order], places[np.argsort(places[:, 0])], atol=0.02)
    assert height == pytest.approx(1, abs=0.02)


def test_the_higher_of_two_near_peaks_is_kept():
    place = np.array([[0.0, 0], [0, 1], [0, 2.5], [9, 9]])
    assert strongest(place, np.array([1.0, 3, 2, 1]), 2.0).tolist() == [1, 3]
    # the second falls to the first, so that it cannot take the third with it
    assert strongest(place, np.array([3.0, 2, 1, 1]), 2.0).tolist() == [0, 2, 3]


def test_distances_are_physical():
    image = gaussians((60, 40), [(20, 20), (28, 20)], (2, 1))
    near, _ = find_peaks(image, 0.1, 5.0, (0.5, 2.0))
    assert len(near) == 1
    far, _ = find_peaks(image, 0.1, 3.0, (0.5, 2.0))
    assert len(far) == 2


@pytest.mark.parametrize("depth", [-2.0, -0.7, 0.0, 0.4, 1.5])
def test_columns_cut_by_the_edge_are_placed_where_they_are(depth):
    sigma = (2.5, 3.5)
    places = np.array([[depth, 30.0], [39 - depth, 20.0], [20.0, depth], [14.0, 59 - depth]])
    image = 0.2 + gaussians((40, 60), places, sigma)
    seen = np.clip(places, 0, [39, 59])
    refined = refine_at_border(image, seen, sigma, (8, 11))
    np.testing.assert_allclose(refined, places, atol=0.15)
