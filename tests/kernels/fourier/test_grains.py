import numpy as np

from temwidgets.kernels.fourier.fringe_region import Reflection
from temwidgets.kernels.fourier.grains import Grain, group

SHAPE, STEP = (60, 90), np.array([3.0, 2.0])
ROW, COL = np.indices((20, 45)) * STEP[:, None, None]
LEFT, RIGHT = COL < 40, COL >= 48


def reflection(region, g, amplitude=1.0):
    return Reflection(
        np.array(g), amplitude, 9.0, 6.0, STEP, region.astype(float), region,
        np.zeros((2, *region.shape)), np.ones(region.shape),
    )  # fmt: skip


def test_fringes_from_the_same_place_are_one_grain():
    found = [
        reflection(LEFT, (0.1, 0.0)),
        reflection(RIGHT, (0.0, 0.1)),
        reflection(LEFT & (ROW < 52), (0.0, 0.2)),  # nearly all of it
    ]
    assert sorted(group(found, SHAPE)) == [Grain((0, 2), ()), Grain((1,), ())]
    assert group([], SHAPE) == []
    assert group(found[:1], SHAPE) == [Grain((0,), ())]


def test_what_twins_have_in_common_belongs_to_each():
    both = reflection(COL >= 0, (0.1, 0.1))
    found = [both, reflection(LEFT, (0.1, 0.0)), reflection(RIGHT, (0.0, 0.1))]
    assert sorted(group(found, SHAPE)) == [Grain((1,), (0,)), Grain((2,), (0,))]


def test_a_part_with_its_own_fringes_or_pieces_of_the_same_are_no_grains():
    whole = COL >= 0
    small = COL < 30
    found = [reflection(whole, (0.1, 0.1)), reflection(small, (0.0, 0.2))]
    assert group(found, SHAPE) == [Grain((0,), (1,))]
    # two pieces of one set of fringes tell no twins
    same = [found[0], reflection(LEFT, (0.2, 0.0)), reflection(RIGHT, (0.2, 0.0))]
    assert [(g.core, sorted(g.others)) for g in group(same, SHAPE)] == [((0,), [1, 2])]
    # nor do faint ones
    faint = [found[0], *(reflection(r, g, 0.1) for r, g in ((LEFT, (0.2, 0)), (RIGHT, (0, 0.2))))]
    assert [(g.core, sorted(g.others)) for g in group(faint, SHAPE)] == [((0,), [1, 2])]
