import numpy as np
import pytest
from scipy.spatial import cKDTree

from temwidgets.synthetic import training_degradation as degradation
from temwidgets.synthetic import training_lattices as lattices
from temwidgets.synthetic import training_rendering as rendering
from temwidgets.synthetic.training_motifs import KINDS, Motif, _nearest, random_motif
from temwidgets.synthetic.training_scenes import measured

SHAPE = (48, 64)
COLUMNS = lattices.Columns(
    np.array([[10.3, 20.8], [30.0, 50.4], [-1.5, 3.0]]),
    np.array([1.0, 0.5, 2.0]),
    np.array([2.0, 3.0, 2.5]),
    np.array([0, 1, 0]),
)


def _directly(columns, shape, ratio=1.0, angle=0.0):
    y, x = np.mgrid[: shape[0], : shape[1]]
    total = np.zeros(shape)
    for (at_y, at_x), height, sigma in zip(*columns[:3], strict=True):
        along = (x - at_x) * np.cos(angle) + (y - at_y) * np.sin(angle)
        across = (y - at_y) * np.cos(angle) - (x - at_x) * np.sin(angle)
        total += height * np.exp(-((along / ratio) ** 2 + across**2) / (2 * sigma**2))
    return total


def test_round_columns_are_gaussians():
    np.testing.assert_allclose(
        rendering.draw_round(COLUMNS, SHAPE), _directly(COLUMNS, SHAPE), atol=2e-5
    )


def test_elliptical_columns_are_drawn_out_from_x_towards_y(monkeypatch):
    expected = _directly(COLUMNS, SHAPE, 1.4, 0.6)
    drawn = rendering.draw_elliptical(COLUMNS, SHAPE, 1.4, 0.6)
    np.testing.assert_allclose(drawn, expected, atol=3e-3)
    # in several portions as in one
    monkeypatch.setattr(rendering, "CHUNK", 1)
    np.testing.assert_allclose(
        rendering.draw_elliptical(COLUMNS, SHAPE, 1.4, 0.6), drawn, atol=1e-6
    )


def test_band_noise_has_its_length_and_unit_deviation():
    noise = rendering.band_noise((128, 128), 8.0, 0.1, np.random.default_rng(0))
    assert noise.std() == pytest.approx(1.0, rel=1e-4)
    power = abs(np.fft.fft2(noise)) ** 2
    k = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128))
    assert (power * k).sum() / power.sum() == pytest.approx(1 / 8, rel=0.03)


@pytest.mark.parametrize("kind", dict.fromkeys(KINDS), ids=lambda kind: kind.__name__)
def test_columns_of_a_motif_are_1_apart_and_none_collide(kind, monkeypatch):
    monkeypatch.setattr("temwidgets.synthetic.training_motifs.KINDS", (kind,))
    for seed in range(20):
        motif = random_motif(np.random.default_rng(seed))
        cells = np.mgrid[-3:4, -3:4].reshape(2, -1).T
        points = ((cells[:, None] + motif.sites) @ motif.vectors).reshape(-1, 2)
        apart = cKDTree(points).query(motif.sites @ motif.vectors, 2)[0][:, 1]
        assert apart.mean() == pytest.approx(1.0)
        assert apart.min() > 0.6
        assert motif.classes.max() <= 2


def test_species_go_by_height():
    motif = Motif(np.eye(2), np.zeros((3, 2)), np.array([0, 2, 2]))
    for seed in range(30):
        heights, sigmas, species = lattices._looks(motif, 10.0, np.random.default_rng(seed))
        assert heights[species == 0].max() == 1.0
        assert set(species) == {0, 1}
        assert heights[species == 1].max() < 1.0
        assert ((sigmas > 0.12 * 10) & (sigmas <= 0.4 * 10)).all()


def test_a_grain_fills_the_image_once():
    motif = Motif(np.eye(2), np.zeros((1, 2)), np.zeros(1, int))
    looks = (np.ones(1), np.ones(1), np.zeros(1, int))
    columns = lattices._grain(motif, looks, (128, 96), 6.0, np.random.default_rng(1))
    inside = ((columns.points > 0) & (columns.points < (128, 96))).all(1)
    assert inside.sum() == pytest.approx(128 * 96 / 36, rel=0.03)
    assert cKDTree(columns.points).query(columns.points, 2)[0][:, 1].min() > 5.99
    assert _nearest(motif.vectors, motif.sites) == 1.0


def test_single_atoms_keep_apart():
    made = lattices.scattered((128, 128), 8.0, np.random.default_rng(2))
    assert lattices.mean_spacing(made.points, (128, 128), 8.0) == pytest.approx(8.0, rel=0.2)
    assert len(made.points) > 60


def test_rows_move_towards_x_and_columns_with_them():
    shifts = np.full(SHAPE[0], 0.6)
    moved = degradation.shift_rows(rendering.draw_round(COLUMNS, SHAPE), shifts)
    points = degradation.shifted_columns(COLUMNS.points, COLUMNS.sigmas, shifts)
    np.testing.assert_allclose(points, COLUMNS.points + np.array([0, 0.6]))
    expected = rendering.draw_round(COLUMNS._replace(points=points), SHAPE)
    np.testing.assert_allclose(moved[:, 3:-3], expected[:, 3:-3], atol=0.01)


def test_flicker_is_one_factor_a_row():
    factors = degradation.flicker(400, np.random.default_rng(0))
    assert factors.shape == (400, 1)
    assert 0.005 < factors.std() < 0.09
    assert factors.min() > 0.5


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("deviation", [0.1, 2.0])
def test_noise_has_the_deviation_asked_for_at_the_level_asked_for(seed, deviation):
    clean = np.full((200, 200), 0.7, np.float32)
    image = degradation.noisy(clean, 0.7, deviation, np.random.default_rng(seed))
    # few counts that stand for much vary more in their variance: hence 8 %
    assert image.std() == pytest.approx(deviation, rel=0.08)
    assert image.mean() == pytest.approx(0.7, abs=5 * deviation / 200)


def test_bright_places_are_noisier_when_counts_decide():
    clean = np.tile(np.repeat(np.float32([0.1, 10.0]), 100), (200, 1))
    ratios = []
    for seed in range(30):
        noise = degradation.noisy(clean, 1.0, 0.1, np.random.default_rng(seed)) - clean
        ratios.append(noise[:, 100:].std() / noise[:, :100].std())
    assert min(ratios) == pytest.approx(1.0, abs=0.05)
    assert max(ratios) == pytest.approx(10.0, rel=0.05)


def test_noise_at_columns_is_their_median_height_over_the_level():
    clean = np.full((300, 300), 2.0, np.float32)
    points = np.random.default_rng(0).uniform(0, 299, (5, 2))
    heights = np.array([0.2, 0.4, 0.5, 1.0, 1.0])
    image = measured(clean, points, heights, 4.0, np.random.default_rng(1))
    assert image.std() == pytest.approx(0.5 / 4.0, rel=0.03)
