import numpy as np
import pytest
import xarray as xr

import temwidgets as tw

SIGMA = 6.0


def blob(shape, sampling, radius, centre=(0.0, 0.0)):
    """A disk in lengths, on pixels that may be non-square."""
    y, x = ((np.arange(n) - n / 2) * s - c for n, s, c in zip(shape, sampling, centre, strict=True))
    return y[:, None] ** 2 + x**2 < radius**2


def a_map(values, sampling=(1.0, 1.0), **attrs):
    image = tw.make_image(np.asarray(values), sampling=sampling, origin=(3.0, -2.0))
    return image.rename("amplitude").assign_attrs(attrs)


def spacing(inside, *, snr=20.0, sampling=(1.0, 1.0), sigma=SIGMA, seed=0, noise=None):
    """Amplitudes as a Gaussian window sees fringes and noise, of two reflections."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    width = [sigma / s for s in sampling]
    planes = []
    for part in np.atleast_3d(inside.T).T:
        wave = rng.normal(size=(2, *part.shape))
        hiss = gaussian_filter(wave[0], width) + 1j * gaussian_filter(wave[1], width)
        hiss /= np.sqrt((np.abs(hiss) ** 2).mean() / 2)
        planes.append(np.abs(10.0 * gaussian_filter(part.astype(float), width) + 10 / snr * hiss))
    values = np.stack(planes).astype(np.float32)
    image = a_map(values[0], sampling)
    dims = ("reflection", "y", "x")
    return xr.Dataset(
        {"amplitude": (dims, values), "amplitude_std": (dims, np.full_like(values, 10 / snr))},
        coords={"y": image.y, "x": image.x, "reflection": np.arange(len(values))},
        attrs={"engine": "phase", "sigma": sigma},
    )


@pytest.mark.parametrize("sampling", [(1.0, 1.0), (0.8, 1.3)])
def test_the_crystal_is_found_by_its_noise(sampling):
    inside = blob((150, 130), sampling, 35)
    found = tw.crystal_mask(spacing(inside, sampling=sampling))
    assert found.dims == ("y", "x")
    assert found.dtype == bool
    assert found.name == "mask"
    assert found.attrs == {"units": "1", "long_name": "crystal"}
    both, either = (found.values & inside).sum(), (found.values | inside).sum()
    assert both / either > 0.91
    deep = blob((150, 130), sampling, 30)
    assert found.values[deep].all()
    assert not found.values[~blob((150, 130), sampling, 40)].any()


@pytest.mark.parametrize("seed", range(4))
def test_noise_alone_is_no_crystal(seed):
    nothing = spacing(np.zeros((200, 180), bool), seed=seed)
    assert not tw.crystal_mask(nothing).any()
    assert tw.crystal_mask(nothing, method="otsu").any()  # as its docstring warns


def test_a_weak_grain_beside_a_strong_one_is_found():
    strong, weak = blob((150, 160), (1, 1), 25, (0, -45)), blob((150, 160), (1, 1), 25, (0, 45))
    maps = spacing(np.stack([strong, 0.4 * weak]), snr=30)
    found = tw.crystal_mask(maps).values
    for part in (strong, weak):
        assert (found & part).sum() / part.sum() > 0.9
    assert (found & ~(strong | weak)).sum() < 0.02 * found.sum()


def test_threshold_is_the_amplitude_over_its_error():
    maps = spacing(blob((150, 130), (1, 1), 35), snr=8)
    assert tw.crystal_mask(maps).any()
    assert not tw.crystal_mask(maps, threshold=15.0).any()


def test_edge_puts_the_outline_on_the_crystal_or_inside_it():
    inside = blob((150, 130), (1, 1), 35)
    maps = spacing(inside, snr=50)
    areas = [tw.crystal_mask(maps, edge=e).values.sum() / inside.sum() for e in (0.3, 0.5, 0.8)]
    assert areas[0] > 1.1
    assert areas[1] == pytest.approx(1, abs=0.04)
    assert areas[2] < 0.9


def test_a_map_is_parted_by_otsu_or_a_threshold():
    inside = blob((90, 110), (1, 1), 30)
    values = np.where(inside, 5.0, 1.0) + np.random.default_rng(0).normal(0, 0.7, inside.shape)
    values[0, 0] = np.nan
    for options in ({"method": "otsu"}, {"method": "threshold", "threshold": 3.0}):
        found = tw.crystal_mask(a_map(values), **options).values
        assert ((found & inside).sum() / (found | inside).sum()) > 0.97
        assert not found[0, 0]
    all_same = tw.crystal_mask(a_map(np.ones((20, 30))), method="otsu")
    assert not all_same.any()


def test_threshold_of_a_dataset_is_relative_to_its_strong_crystal():
    inside = blob((150, 130), (1, 1), 45)
    maps = spacing(np.stack([inside, 0.1 * inside]), snr=50)
    low, high = (
        tw.crystal_mask(maps, method="threshold", threshold=t).values.sum() for t in (0.3, 0.8)
    )
    half = tw.crystal_mask(maps, method="threshold").values
    assert high < half.sum() < low
    assert ((half & inside).sum() / (half | inside).sum()) > 0.9


def test_pieces_holes_and_outlines_are_cleaned_in_lengths():
    sampling = (0.1, 0.2)
    inside = blob((200, 120), sampling, 6)
    small, hole = blob((200, 120), sampling, 0.8, (8, 9)), blob((200, 120), sampling, 0.8, (1, 1))
    values = 1.0 * ((inside & ~hole) | small)
    options = {"method": "threshold", "threshold": 0.5, "smooth": 0.0}

    def found(**sizes):
        return tw.crystal_mask(a_map(values, sampling), **options, **sizes).values

    assert (found(smallest=0.0, fill=0.0) == values.astype(bool)).all()
    assert not found(smallest=1.8, fill=0.0)[small].any()
    assert found(smallest=1.4, fill=0.0)[small].all()
    assert found(smallest=0.0, fill=1.8)[hole].all()
    assert not found(smallest=0.0, fill=1.4)[hole].any()
    rough = values.copy()
    rough[100:102, 95:119] = 1.0  # a whisker 0.2 thick
    options["smooth"] = 0.4
    found_rough = tw.crystal_mask(a_map(rough, sampling), smallest=0.0, fill=0.0, **options).values
    assert not found_rough[100:102, 105:119].any()


def test_a_bay_at_the_edge_is_no_hole():
    values = np.ones((60, 80))
    values[:4, 30:34] = 0.0
    values[40:44, 30:34] = 0.0
    found = tw.crystal_mask(a_map(values), method="threshold", threshold=0.5, fill=9, smooth=0)
    assert not found.values[:4, 30:34].any()
    assert found.values[40:44, 30:34].all()


def test_maps_without_a_reflection_have_no_crystal():
    maps = spacing(np.zeros((40, 30), bool)).isel(reflection=slice(0, 0))
    for method in ("noise", "otsu", "threshold"):
        assert not tw.crystal_mask(maps, method=method).any()


def test_unmeasured_pixels_are_outside():
    maps = spacing(blob((150, 130), (1, 1), 35))
    maps["amplitude"].values[:, :, :70] = np.nan
    assert not tw.crystal_mask(maps, smooth=0).values[:, :70].any()
    assert tw.crystal_mask(maps).values.any()


def test_bad_arguments_are_refused():
    maps = spacing(np.zeros((40, 30), bool))
    with pytest.raises(TypeError, match=r"Maps from temwidgets.local_spacing.*ndarray came"):
        tw.crystal_mask(np.zeros((4, 4)))
    with pytest.raises(TypeError, match=r"one map with dims"):
        tw.crystal_mask(maps.amplitude, method="otsu")
    with pytest.raises(ValueError, match="method is one of noise, otsu, threshold, but 'best'"):
        tw.crystal_mask(maps, method="best")
    with pytest.raises(ValueError, match=r'"noise" needs amplitudes with their errors'):
        tw.crystal_mask(a_map(np.zeros((4, 4))))
    with pytest.raises(ValueError, match=r'"noise" needs amplitudes with their errors'):
        tw.crystal_mask(maps.drop_vars("amplitude_std"))
    with pytest.raises(ValueError, match="needs a threshold, in units of the map"):
        tw.crystal_mask(a_map(np.zeros((4, 4))), method="threshold")
    with pytest.raises(ValueError, match="finds the threshold by itself"):
        tw.crystal_mask(maps, method="otsu", threshold=1.0)
    with pytest.raises(ValueError, match="threshold is an amplitude over its error, above 0"):
        tw.crystal_mask(maps, threshold=0.0)
    with pytest.raises(ValueError, match="edge is a part of the amplitude, between 0 and 1"):
        tw.crystal_mask(maps, edge=1.0)
    with pytest.raises(ValueError, match="smallest is a length from 0, but -1 came"):
        tw.crystal_mask(maps, smallest=-1)
    with pytest.raises(ValueError, match="fill is a length from 0, but nan came"):
        tw.crystal_mask(maps, fill=np.nan)
