import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from temwidgets.kernels.scan_lines import line_splines, offset_step, sample_lines


def lines(offset, width=80):
    x = np.arange(width) - np.asarray(offset)[:, None]
    return 70 + 50 * np.cos(2 * np.pi * x / 16)


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_lines_are_sampled_each_at_its_offset(shift):
    shift = np.array(shift)
    moved = sample_lines(line_splines(lines(np.zeros(4))), shift)
    np.testing.assert_allclose(moved[:, 8:-8], lines(-shift)[:, 8:-8], atol=0.15)


def test_no_shift_changes_nothing_and_lines_do_not_mix():
    plane = np.random.default_rng(0).normal(size=(6, 20))
    np.testing.assert_allclose(sample_lines(line_splines(plane), np.zeros(6)), plane, atol=1e-12)
    plane[3] = 0
    shift = np.linspace(-1, 1, 6)
    np.testing.assert_allclose(sample_lines(line_splines(plane), shift)[3], 0, atol=1e-12)


def test_offsets_are_found_with_their_errors():
    rng = np.random.default_rng(0)
    true = rng.normal(0, 0.5, 400)
    values = rng.poisson(lines(true)).astype(float)
    splines, offset = line_splines(lines(np.zeros(400))), np.zeros(400)
    used = np.ones(values.shape, bool)
    used[:, 30] = False
    values[:, 30] = np.nan
    for _ in range(5):
        change, error = offset_step(values, used, splines, offset)
        offset += change
    pull = (offset - true) / error
    assert abs(pull.mean()) < 0.15
    assert 0.9 < pull.std() < 1.1
