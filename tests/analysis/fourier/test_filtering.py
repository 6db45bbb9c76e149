import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw

SAMPLING = (0.02, 0.03)


def waves(shape, *waves, mean=50.0, sampling=SAMPLING):
    rows, cols = (np.arange(n) * s for n, s in zip(shape, sampling, strict=True))
    values = np.full(shape, mean)
    for amplitude, (gy, gx) in waves:
        values = values + amplitude * np.cos(2 * np.pi * (gy * rows[:, None] + gx * cols) + 0.4)
    return tw.make_image(values, sampling=sampling, origin=(3.0, -7.0))


def at(mask, ky, kx):
    return float(mask.sel(ky=ky, kx=kx, method="nearest"))


@given(st.integers(12, 33), st.integers(12, 33), st.sampled_from(["spots", "ring", "half"]))
@settings(max_examples=25, deadline=None)
def test_a_mask_is_alike_at_k_and_minus_k(rows, cols, kind):
    image = waves((rows, cols))
    found = tw.make_reflections([(4.0, 9.0), (-20.0, 3.0)])
    mask = tw.fourier_mask(image, found, kind=kind, k_range=(3.0, 12.0), radius=4.0, angle=33)
    turned = np.fft.ifftshift(mask.values)
    mates = np.roll(turned[::-1, ::-1], (1, 1), (0, 1))
    np.testing.assert_array_equal(turned, mates)
    assert mask.min() >= 0
    assert mask.max() == 1


def test_one_of_two_waves_is_kept_and_the_other_removed():
    wanted, other = (5.0, (0.0, 3.125)), (8.0, (4.1, -2.0))
    image = waves((161, 128), wanted, other)
    one = waves((161, 128), wanted)
    found = tw.make_reflections([wanted[1]])
    kept = tw.fourier_filter(image, found, radius=1.5)
    inside = (slice(20, -20), slice(20, -20))
    assert float(abs(kept - one).values[inside].max()) < 0.35
    assert kept.name == "filtered"
    assert kept.attrs["units"] == "counts"
    np.testing.assert_array_equal(kept.y, image.y)
    left = tw.fourier_filter(image, found, radius=1.5, remove=True)
    assert float(abs(left - waves((161, 128), other)).values[inside].max()) < 0.35
    assert float(kept.mean()) == pytest.approx(float(image.mean()), rel=1e-6)
    bare = tw.fourier_filter(image, found, radius=1.5, keep_mean=False)
    assert abs(float(bare.mean())) < 0.01


def test_edges_that_do_not_meet_make_no_streaks():
    ramp = waves((96, 120))
    ramp = ramp + 40 * (ramp.y - 3.0) + 25 * (ramp.x + 7.0)
    ramp.attrs["units"] = "counts"
    found = tw.make_reflections([(6.0, 0.0), (0.0, 5.0)])
    passed = tw.fourier_filter(ramp, found, radius=1.0, keep_mean=False)
    mask = np.fft.ifftshift(tw.fourier_mask(ramp, found, radius=1.0).values)
    streaks = np.fft.ifft2(np.fft.fft2(ramp.values) * mask).real
    assert float(abs(passed).max()) < 0.05 * abs(streaks).max()


def test_rings_and_lines():
    image = waves((100, 101))
    ring = tw.fourier_mask(image, kind="ring", k_range=(4.0, 8.0))
    assert at(ring, 0, 0) == at(ring, 12, 0) == 0
    assert at(ring, 6, 0) == at(ring, 0, -6) == 1
    hard = tw.fourier_mask(image, kind="ring", k_range=(4.0, None), soft=0)
    assert set(np.unique(hard)) == {0, 1}
    assert at(hard, 24, 15) == 1
    line = tw.fourier_mask(image, kind="half", k_range=(5.0, None), angle=90.0)
    assert at(line, 9, 0) == at(line, -9, 10) == 1
    assert at(line, 0, 15) == 0


def test_a_lattice_has_spots_that_were_not_found():
    image = waves((128, 160))
    found = tw.make_reflections([(5.0, 1.0), (-1.0, 4.0), (4.0, 5.0)])
    mask = tw.fourier_mask(image, found, kind="lattice")
    for n_a, n_b in ((1, 0), (2, 1), (-1, 2), (0, -3)):
        g = n_a * np.array([5.0, 1.0]) + n_b * np.array([-1.0, 4.0])
        assert at(mask, *g) > 0.5
    assert at(mask, 0, 0) == 0
    assert at(mask, 2.0, 2.5) == 0


def test_each_crystal_has_its_own_lattice():
    image = waves((160, 160))
    one, other = np.array([(5.0, 0.0), (0.0, 5.0)]), np.array([(4.0, 3.0), (-3.0, 4.0)])
    found = tw.make_reflections(np.concatenate([one, other]))
    found["lattice"] = ("reflection", [0, 0, 1, 1])
    mask = tw.fourier_mask(image, found, kind="lattice", radius=0.5)
    for point in ((5, 5), (10, -5), (1, 7), (8, 6)):
        assert at(mask, *point) > 0.5
    # a sum of vectors of both
    assert at(mask, 9.0, 3.0) == 0
    mixed = tw.fourier_mask(image, found.isel(reflection=[0, 2]), kind="lattice", radius=0.5)
    assert at(mixed, 9.0, 3.0) > 0.5


def test_a_family_is_filtered_alone():
    image = waves((128, 160))
    found = tw.make_reflections([(5.0, 1.0), (-1.0, 9.0)])
    found["family"] = ("reflection", [0, 3])
    mask = tw.fourier_mask(image, found, family=3)
    assert at(mask, -1, 9) == 1
    assert at(mask, 5, 1) == 0
    with pytest.raises(ValueError, match="no reflection of family 1; there are 0, 3"):
        tw.fourier_mask(image, found, family=1)


def test_what_is_wrong_is_told():
    image = waves((32, 40))
    found = tw.make_reflections([(5.0, 1.0)])
    with pytest.raises(TypeError, match="Reflections from temwidgets"):
        tw.fourier_filter(image)
    with pytest.raises(ValueError, match="1 or more reflections are needed"):
        tw.fourier_filter(image, tw.make_reflections([]))
    with pytest.raises(ValueError, match="in nm but the reflections are in px"):
        tw.fourier_filter(image, tw.make_reflections([(0.1, 0.0)], units="px"))
    with pytest.raises(ValueError, match="kind is one of spots, ring"):
        tw.fourier_mask(image, found, kind="disc")
    with pytest.raises(ValueError, match="soft is a share of the radius"):
        tw.fourier_mask(image, found, soft=2)
    with pytest.raises(ValueError, match="radius is a length above 0 in 1/nm"):
        tw.fourier_mask(image, found, radius=0)
    with pytest.raises(ValueError, match="needs k_range"):
        tw.fourier_mask(image, kind="ring")
    with pytest.raises(ValueError, match="needs k_range"):
        tw.fourier_mask(image, kind="half", k_range=(5.0, 2.0))
    with pytest.raises(ValueError, match="spanned by two or more reflections"):
        tw.fourier_mask(image, tw.make_reflections([(5.0, 1.0), (10, 2.0)]), kind="lattice")
