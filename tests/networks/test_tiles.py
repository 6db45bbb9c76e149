import numpy as np
import pytest

from temwidgets.networks import tiles
from temwidgets.networks.tiles import apply


@pytest.mark.parametrize("shape", [(96, 64), (101, 67)])
def test_any_size_is_answered_on_its_cells(small, shape):
    channels = np.random.default_rng(0).random((*shape, 3), np.float32)
    answer = apply(small.model, channels)
    assert answer.heat.shape == tuple(-(-n // 2) for n in shape)
    assert answer.offset.shape == (*answer.heat.shape, 2)
    assert np.isfinite(answer.log_spacing)


def test_tiles_give_what_the_whole_gives(small, monkeypatch):
    channels = np.random.default_rng(1).random((520, 450, 3), np.float32)
    told = []
    whole = apply(small.model, channels)
    monkeypatch.setattr(tiles, "_TILE", 256)
    parts = apply(small.model, channels, report=told.append)
    np.testing.assert_allclose(parts.heat, whole.heat, atol=1e-4)
    np.testing.assert_allclose(parts.offset, whole.offset, atol=1e-4)
    assert told[-1] == 1
    assert len(told) > 4
