import numpy as np
import pytest
from scipy import ndimage

from temwidgets import synthetic


@pytest.mark.parametrize("seed", range(3))
def test_twelve_grains_each_in_one_piece(seed):
    _, truth = synthetic.polycrystal((512, 600), seed=seed)
    label = truth.label.values
    np.testing.assert_array_equal(np.unique(label), np.arange(-1, 12))
    for number in range(12):
        parts, count = ndimage.label(label == number)
        sizes = np.bincount(parts.ravel())[1:]
        assert sizes.max() > 0.97 * sizes.sum(), (number, count)
    assert 0.2 < (label >= 0).mean() < 0.5
    areas = truth.area.values
    assert areas.min() > 0.3 * np.median(areas)
    seam = np.abs(label - ndimage.minimum_filter(label, 3)) > 0
    inside = (label >= 0) & (ndimage.minimum_filter(label, 3) >= 0)
    assert not (seam & inside).any()


def test_touching_grains_without_a_gap():
    _, apart = synthetic.polycrystal((256, 256), grains=9, filling=0.6, seed=1)
    _, touching = synthetic.polycrystal((256, 256), grains=9, filling=0.6, gap=0.0, seed=1)
    assert touching.attrs["crystalline_area"] > apart.attrs["crystalline_area"]
    label = touching.label.values
    both = (label[:, 1:] >= 0) & (label[:, :-1] >= 0)
    assert (both & (label[:, 1:] != label[:, :-1])).any()


@pytest.mark.parametrize("seed", range(3))
def test_spacings_lie_in_range_and_some_nearly_agree(seed):
    _, truth = synthetic.polycrystal((300, 300), sampling=0.03, spacings=(0.19, 0.34), seed=seed)
    d = truth.d_spacing.values
    assert np.nanmin(d) >= 0.19
    assert np.nanmax(d) <= 0.34 * 1.005
    np.testing.assert_allclose(d[3::4, 0], 1.005 * d[2::4, 0])
    turn = truth.orientation.values
    assert np.isfinite(d[:, 0]).all()
    assert np.isnan(d[:, 1]).any()
    assert np.isfinite(d[:, 1]).any()
    assert turn.std() > 20


def test_each_grain_holds_its_own_weak_fringes():
    image, truth = synthetic.polycrystal((512, 512), grains=6, seed=2)
    assert float(image.std()) == pytest.approx(np.hypot(10.0, 6.0), rel=0.05)
    y, x = np.meshgrid(image.y, image.x, indexing="ij")
    for number, g in enumerate(truth.g.values[:, 0]):
        seen = []
        for other in range(6):
            where = truth.label.values == other
            carrier = np.exp(-2j * np.pi * (g[0] * y[where] + g[1] * x[where]))
            seen.append(2 * abs(((image.values[where] - 100) * carrier).mean()))
        assert np.argmax(seen) == number
        assert seen[number] == pytest.approx(4.0, abs=0.5)


def test_no_grains_no_crystal():
    _, truth = synthetic.polycrystal((64, 64), grains=0)
    assert truth.sizes["domain"] == 0
    assert truth.attrs["note"].startswith("No crystal found")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grains": -1}, "grains is a whole number, 0 or more"),
        ({"grains": 2.5}, "grains is a whole number"),
        ({"filling": 0.9}, "filling is a fraction above 0 and at most 0.6"),
        ({"gap": -0.1}, "gap between 0 and 1"),
        ({"spacings": (0.3, 0.2)}, "spacings are the smallest and the largest d"),
        ({"grains": 4000}, "found no room. Ask for fewer grains"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        synthetic.polycrystal((64, 64), **options)
