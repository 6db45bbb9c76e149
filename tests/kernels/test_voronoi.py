import numpy as np

from temwidgets.kernels.voronoi import integrate_cells


def integrate(image, points, max_radius=np.inf, sampling=(1.0, 1.0)):
    return integrate_cells(
        image, np.zeros(2), np.array(sampling), np.array(points, float), max_radius, lambda _: None
    )


def test_every_pixel_goes_to_its_nearest_point():
    rng = np.random.default_rng(0)
    image, points = rng.normal(size=(40, 33)), rng.uniform(0, 30, (12, 2))
    total, count, is_open = integrate(image, points, sampling=(0.8, 0.9))
    y, x = np.mgrid[:40, :33]
    place = np.stack([0.8 * y, 0.9 * x], -1)
    owner = ((place[:, :, None] - points) ** 2).sum(-1).argmin(-1)
    rim = np.r_[owner[0], owner[-1], owner[:, 0], owner[:, -1]]
    for number in range(12):
        np.testing.assert_allclose(total[number], image[owner == number].sum(), atol=1e-9)
        assert count[number] == (owner == number).sum()
        assert is_open[number] == (number in rim)


def test_bands_join_without_a_seam(monkeypatch):
    image = np.arange(600.0).reshape(30, 20)
    points = [[5, 5], [15, 12], [24, 8]]
    whole = integrate(image, points)
    monkeypatch.setattr("temwidgets.kernels.voronoi._BAND", 50)
    for one, other in zip(whole, integrate(image, points), strict=True):
        np.testing.assert_allclose(one, other)


def test_a_radius_cuts_a_disc_and_nan_points_own_nothing():
    total, count, is_open = integrate(np.ones((41, 41)), [[20, 20], [np.nan, 3]], 10.0)
    assert abs(count[0] - np.pi * 100) < 12
    assert total[0] == count[0]
    assert not is_open.any()
    assert count[1] == 0
