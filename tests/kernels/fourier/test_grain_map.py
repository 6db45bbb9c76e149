import numpy as np
import pytest

from temwidgets.kernels.fourier import grain_map
from temwidgets.kernels.fourier.fringe_region import Reflection
from temwidgets.kernels.fourier.grains import Grain

SHAPE, STEP, SIDES = (80, 110), np.array([4.0, 5.0]), np.array([1.0, 1.0])
GRID = (21, 23)


def reflection(height, likeness=1.0):
    height = np.broadcast_to(np.asarray(height, float), GRID)
    return Reflection(
        np.array([0.1, 0.1]), 2.0, 10.0, 6.0, STEP, height, height > 0.5,
        np.zeros((2, *GRID)), np.broadcast_to(likeness, GRID),
    )  # fmt: skip


def test_a_coarse_grid_is_enlarged_linearly():
    y, x = np.indices(GRID) * STEP[:, None, None]
    found = grain_map.enlarged(3 + 0.5 * y - 0.25 * x, STEP, (slice(7, 60), slice(20, 100, 3)))
    rows, cols = np.arange(7, 60)[:, None], np.arange(20, 100, 3)
    np.testing.assert_allclose(found, 3 + 0.5 * rows - 0.25 * cols, atol=1e-4)
    # nothing is known beyond the last point: it goes on as there
    edge = grain_map.enlarged(np.array([[1.0, 2.0]]), np.ones(2), (slice(0, 2), slice(0, 4)))
    np.testing.assert_allclose(edge, [[1, 2, 2, 2]] * 2)


def test_neighbours_meet_where_both_have_the_same_share():
    x = np.arange(GRID[1]) * STEP[1]
    fall = np.clip((70 - x) / 40, 0, 1)  # half at 50
    found = [reflection(fall), reflection(1 - fall), reflection(np.where(x > 90, 0.9, 0))]
    label = grain_map.label_pixels(found, [Grain((0,), ()), Grain((1,), ())], SHAPE, SIDES)
    assert (label[:, :50] == 0).all()
    assert (label[:, 51:] == 1).all()
    alone = grain_map.label_pixels(found, [Grain((2,), ())], SHAPE, SIDES)
    assert (alone[:, :90] == -1).all()
    assert (alone[:, 96:] == 0).all()


def test_unlike_fringes_lose_a_pixel():
    x = np.arange(GRID[1]) * STEP[1]
    found = [reflection(1.0, np.where(x < 45, 1.0, 0.1)), reflection(0.9, 0.5)]
    label = grain_map.label_pixels(found, [Grain((0,), ()), Grain((1,), ())], SHAPE, SIDES)
    assert (label[:, :40] == 0).all()
    assert (label[:, 46:] == 1).all()


def test_domains_are_connected_ordered_and_without_holes():
    label = np.full(SHAPE, -1)
    label[5:35, 5:35] = 1
    label[5:70, 50:105] = 1
    label[20:22, 70:73] = -1  # a hole
    label[45:75, 5:45] = 0
    label[75:77, 60:62] = 0  # no larger than a point
    domains, grain = grain_map.tidy(label, np.array([3.0, 4.0]), SIDES)
    assert grain.tolist() == [1, 0, 1]
    wanted = np.full(SHAPE, -1)
    wanted[5:70, 50:105], wanted[45:75, 5:45], wanted[5:35, 5:35] = 0, 1, 2
    np.testing.assert_array_equal(domains, wanted)


@pytest.mark.parametrize("least", [1, 6, 100])
def test_small_labels_are_dropped(least):
    label = np.full((7, 9), -1)
    label[:2, :2], label[3:, :4], label[0, 5:] = 0, 1, 3
    found, kept = grain_map.drop_small(label, least)
    area = [4, 16, 0, 4]
    assert kept.tolist() == [n for n in range(4) if area[n] >= least]
    for new, old in enumerate(kept):
        np.testing.assert_array_equal(found == new, label == old)
    assert (found >= 0).sum() == sum(area[n] for n in kept)
