import numpy as np
import pytest

from temwidgets import synthetic
from temwidgets.conventions import check_columns, check_image

MAKERS = ["perovskite", "crowded", "hexagonal", "honeycomb"]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("calibrated", [True, False])
def test_images_and_truth_fit_the_conventions(name, calibrated):
    options = {"sampling": (0.02, 0.025), "origin": (3.0, -1.0)} if calibrated else {}
    image, truth = getattr(synthetic, name)((128, 160), **options)
    check_image(image, finite=True)
    check_columns(truth, needs=("amplitude", "background", "sublattice", "n_a", "n_b"))
    unit = "nm" if calibrated else "px"
    assert truth.y.attrs["units"] == image.y.attrs["units"] == unit
    assert truth.intensity.attrs["units"] == f"counts {unit}²"
    area = 2 * np.pi * truth.amplitude * truth.sigma_major * truth.sigma_minor
    np.testing.assert_allclose(truth.intensity, area)
    inside = (truth.y >= image.y[0]) & (truth.y <= image.y[-1])
    assert bool((inside & (truth.x >= image.x[0]) & (truth.x <= image.x[-1])).all())
    np.testing.assert_array_equal(truth.column, np.arange(truth.column.size))
    assert truth.attrs["next_label"] == truth.column.size


@pytest.mark.parametrize("name", MAKERS)
def test_same_seed_same_image(name):
    make = getattr(synthetic, name)
    image, truth = make((64, 64), seed=4, amplitude_spread=0.1)
    again, truth_again = make((64, 64), seed=4, amplitude_spread=0.1)
    other, truth_other = make((64, 64), seed=4, noise_seed=5, amplitude_spread=0.1)
    assert image.identical(again)
    assert truth.identical(truth_again)
    assert truth.identical(truth_other)
    assert not image.equals(other)


@pytest.mark.parametrize(("size", "count"), [(512, 2025), (1024, 8147)])
def test_perovskite_holds_as_many_columns_as_measured_elsewhere(size, count):
    _, truth = synthetic.perovskite((size, size))
    assert abs(truth.column.size - count) <= 1
    weak = truth.isel(column=np.flatnonzero(truth.sublattice == 1))
    np.testing.assert_allclose(weak.amplitude, 90.0)
    assert 2.4 < float(truth.sigma_minor.min()) < float(truth.sigma_major.max()) < 3.6


def test_the_image_is_the_truth_drawn():
    image, truth = synthetic.perovskite((96, 120), dose=None, sampling=0.02)
    field = synthetic.waves(0.3, 0.1, 0.8 * 120 * 0.02)
    drawn = synthetic.render(truth, image, background=field)
    np.testing.assert_allclose(image, drawn, rtol=1e-6)
    np.testing.assert_allclose(truth.background, field(truth.y.values, truth.x.values))


def test_dose_and_gain_scale_the_truth():
    _, unit = synthetic.hexagonal((64, 64), dose=None)
    image, scaled = synthetic.hexagonal((64, 64), dose=1e6, gain=0.5)
    for name in ("amplitude", "intensity", "background"):
        np.testing.assert_allclose(scaled[name], 5e5 * unit[name])
    peak = image.sel(y=scaled.y, x=scaled.x, method="nearest")
    np.testing.assert_allclose(peak, 6.5e5, rtol=0.04)


def test_tails_reach_in_unless_told_otherwise():
    with_tails, truth = synthetic.honeycomb((80, 80), dose=None, margin=10.0)
    without, same = synthetic.honeycomb((80, 80), dose=None, margin=10.0, outside=False)
    assert truth.identical(same)
    assert float(truth.y.min()) >= 10.0
    assert float(with_tails[0].max()) > 0.5
    assert float(without[0].max()) < 0.25


def test_nearest_neighbours_are_a_separation_apart():
    from scipy.spatial import cKDTree

    for name in ("hexagonal", "honeycomb"):
        _, truth = getattr(synthetic, name)((150, 200), separation=0.3, sampling=(0.02, 0.03))
        points = np.stack([truth.y, truth.x], 1)
        np.testing.assert_allclose(cKDTree(points).query(points, 2)[0][:, 1], 0.3, rtol=1e-9)
