import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from temwidgets.kernels.peaks import strongest
from temwidgets.networks.detection import detect
from temwidgets.networks.targets import make_targets


def test_perfect_maps_give_the_columns_back():
    rng = np.random.default_rng(0)
    columns = np.stack(np.meshgrid(np.arange(6, 90, 12.0), np.arange(5, 60, 11.0)), -1)
    columns = columns.reshape(-1, 2) + rng.uniform(-1, 1, (columns.size // 2, 2))
    targets = make_targets(columns, 11.0, (96, 64))
    found = detect(targets.heat, targets.offset)
    assert len(found.place) == len(columns)
    order = np.lexsort(np.round(2 * found.place + 0.5).T), np.lexsort(np.round(columns).T)
    np.testing.assert_allclose(2 * found.place[order[0]] + 0.5, columns[order[1]], atol=1e-4)


def test_the_threshold_and_the_separation_cut():
    probability = np.zeros((10, 12), np.float32)
    probability[2, 2], probability[2, 5], probability[8, 8] = 0.9, 0.6, 0.4
    offset = np.zeros((10, 12, 2), np.float32)
    assert len(detect(probability, offset, threshold=0.3, separation=2).place) == 3
    assert len(detect(probability, offset, threshold=0.5, separation=2).place) == 2
    found = detect(probability, offset, threshold=0.3, separation=4)
    np.testing.assert_allclose(found.probability, [0.9, 0.4], rtol=1e-6)
    np.testing.assert_allclose(found.place[0], [2, 2])


@given(st.integers(0, 10_000), st.floats(0.5, 4))
@settings(max_examples=30, deadline=None)
def test_what_stays_is_apart_and_what_goes_has_a_likelier_rival(seed, separation):
    rng = np.random.default_rng(seed)
    place, value = rng.uniform(0, 10, (40, 2)), rng.random(40)
    kept = strongest(place, value, separation)
    assert pdist(place[kept]).min(initial=np.inf) >= separation * (1 - 1e-6)
    for k in set(range(40)) - set(kept.tolist()):
        near = np.hypot(*(place[kept] - place[k]).T) <= separation
        assert (value[kept][near] > value[k]).any()


def test_nothing_gives_nothing():
    found = detect(np.zeros((4, 4)), np.zeros((4, 4, 2)))
    assert found.place.shape == (0, 2)
