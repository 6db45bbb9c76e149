"""Known crystals through the public functions: what is true must come out."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_data import make_reflections

OBLONG = {"sampling": (0.03, 0.033), "origin": (2.0, -1.5)}


def off(reflections, g):
    """How far the nearest reflection or mate is off a true g, relative to |g|."""
    away = [np.hypot(*(reflections.g.values - side * g).T).min() for side in (1, -1)]
    return float(min(away) / np.hypot(*g))


def inside(mask, margin):
    from scipy import ndimage

    return ndimage.binary_erosion(np.pad(mask, 1), iterations=margin)[1:-1, 1:-1]


def of_truth(truth):
    return make_reflections(truth.g.values, units=truth.d_spacing.attrs["units"])


@pytest.mark.parametrize("shape", [(256, 256), (255, 301)])
def test_perfect_lattice(shape):
    g = np.array([(1.1, 4.0), (4.1, -0.8)])
    image, _ = tw.synthetic.fringes(shape, g, noise=5.0, **OBLONG)
    found = tw.find_reflections(image)
    assert max(off(found, vector) for vector in g) < 2e-3
    maps = tw.local_spacing(image, make_reflections(g))
    middle = maps.isel(y=slice(40, -40), x=slice(40, -40))
    relative = middle.d_spacing / (1 / np.hypot(*g.T))[:, None, None] - 1
    assert float(abs(relative.mean())) < 3e-4
    assert float(relative.std()) < 2e-3
    for name in ("e_xx", "e_yy", "e_xy"):
        assert abs(float(middle[name].mean())) < 3e-4
    assert bool(middle.mask.all())


def test_smooth_strain():
    image, truth = tw.synthetic.strained_crystal((384, 384))
    deep = inside(truth.mask.values, 48)
    maps = tw.local_spacing(image, of_truth(truth))
    for found, true in zip(maps.d_spacing.values, truth.d_spacing.values, strict=True):
        assert np.sqrt(np.nanmean((found / true - 1)[deep] ** 2)) < 0.003
    pulls = (maps.d_spacing - truth.d_spacing) / maps.d_spacing_std
    assert 0.7 < float(np.sqrt((pulls.where(deep) ** 2).mean())) < 1.4
    for name in ("e_xx", "e_yy", "e_xy"):
        # against the mean of the crystal; finite strain differs from linear by its square
        assert np.nanstd((maps[name] - truth[name]).values[deep]) < 0.003
    assert (maps.mask.values & ~truth.mask.values).mean() < 0.02


def test_interface_step():
    image, truth = tw.synthetic.interface_step((240, 260), noise=4.0, **OBLONG)
    left = (float(image.y[20]), float(image.y[-20]), float(image.x[10]), float(image.x[90]))
    strain = tw.geometric_phase(image, of_truth(truth), reference=left)
    stretched = 1 / (1 - 0.02) - 1  # u is told at the place in the image
    for columns, value in ((slice(20, 90), 0.0), (slice(170, 240), stretched)):
        part = strain.e_xx.isel(x=columns, y=slice(40, -40))
        assert float(part.mean()) == pytest.approx(value, abs=5e-4)
        assert abs(float(strain.e_yy.isel(x=columns, y=slice(40, -40)).mean())) < 5e-4
    profile = strain.e_xx.isel(y=slice(40, -40)).mean("y")
    middle = float(profile.x[int(abs(profile - 0.01).values.argmin())])
    assert middle == pytest.approx(float(image.x[[0, -1]].mean()), abs=4 * 0.033)


@pytest.mark.parametrize("burgers", [(1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("rotation", [0.0, 20.0])
def test_edge_dislocation(burgers, rotation):
    image, truth = tw.synthetic.dislocation(
        (260, 241), burgers=burgers, rotation=rotation, noise=4.0, **OBLONG
    )
    strain = tw.geometric_phase(image, of_truth(truth))
    core = np.array([truth.attrs["core_y"], truth.attrs["core_x"]])
    square = 1.8 * np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])  # right, down, left on screen
    true = np.array([truth.attrs["burgers_y"], truth.attrs["burgers_x"]])
    found = np.asarray(tw.burgers_vector(strain, core + square)["burgers"].values)
    assert np.hypot(*(found - true)) < 0.01 * np.hypot(*true)
    empty = tw.burgers_vector(strain, core + np.array([0.0, 2.4]) + square / 4)
    assert np.hypot(*np.asarray(empty["burgers"].values)) < 0.01 * np.hypot(*true)


def match(domains, truth, least=0.5):
    """Pairs (true domain, found domain) whose masks agree with IoU above `least`."""
    pairs = []
    for number in truth.domain.values:
        mine = truth.label.values == number
        for label in domains.domain.values:
            theirs = domains.label.values == label
            if (mine & theirs).sum() > least * (mine | theirs).sum():
                pairs.append((int(number), int(label)))
    return pairs


@pytest.mark.parametrize("name", ["twin", "two_phases"])
def test_two_crystals_side_by_side(name):
    image, truth = getattr(tw.synthetic, name)((300, 320), noise=8.0, **OBLONG)
    domains = tw.segment_domains(image)
    pairs = match(domains, truth, 0.8)
    assert sorted(pair[0] for pair in pairs) == [0, 1]
    assert domains.sizes["domain"] == 2
    for number, label in pairs:
        found = domains.sel(domain=label)
        spots = make_reflections(found.g.values[np.isfinite(found.g.values[:, 0])])
        assert max(off(spots, g) for g in truth.g.values[number]) < 2e-3
        area = float(found.area / truth.area.sel(domain=number))
        assert area == pytest.approx(1, abs=0.1)


def test_a_weak_polycrystal():
    image, truth = tw.synthetic.polycrystal((600, 600), grains=5, seed=1)
    domains = tw.segment_domains(image)
    pairs = match(domains, truth)
    assert len(pairs) >= 4
    assert domains.sizes["domain"] - len(pairs) <= 1


@pytest.mark.parametrize("seed", range(3))
def test_an_amorphous_image_has_no_crystal(seed):
    image, _ = tw.synthetic.amorphous((300, 280), seed=seed, sampling=0.03)
    found = tw.find_reflections(image)
    assert found.sizes["reflection"] == 0
    domains = tw.segment_domains(image)
    assert domains.sizes["domain"] == 0
    assert "No crystal found" in domains.attrs["note"]
    assert bool((domains.label == -1).all())
    maps = tw.local_spacing(image, make_reflections([(0.0, 4.1), (4.1, 0.0)]))
    assert float(maps.mask.mean()) < 0.001
