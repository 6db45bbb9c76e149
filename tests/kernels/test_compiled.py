from pathlib import Path

import jax
import numpy as np
import pytest

import temwidgets as tw
from temwidgets.kernels import compiled


def test_compiled_functions_are_dropped_when_there_are_many(monkeypatch):
    before = compiled.memory_maps()
    assert not compiled.keep_few()
    if not before:
        pytest.skip("this system does not tell how many memory maps there are")
    function = jax.jit(lambda x: x + 1)
    function(np.ones(3))
    assert function._cache_size() == 1
    monkeypatch.setattr(compiled, "MOST", 10)
    assert compiled.keep_few()
    assert function._cache_size() == 0
    np.testing.assert_array_equal(function(np.ones(3)), 2)


def test_a_fit_looks_after_them(monkeypatch):
    image, truth = tw.synthetic.hexagonal((60, 70), dose=50.0)
    dropped = []
    monkeypatch.setattr(compiled, "MOST", -1)
    monkeypatch.setattr(jax, "clear_caches", lambda: dropped.append(1))
    tw.fit_columns(image, truth[["y", "x"]])
    assert dropped


def test_where_the_system_does_not_tell_nothing_is_dropped(monkeypatch):
    monkeypatch.setattr(compiled, "_MAPS", Path("/nowhere/maps"))
    assert compiled.memory_maps() == 0
    assert not compiled.keep_few()
