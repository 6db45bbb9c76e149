import numpy as np
import pytest

import temwidgets as tw


def draw(seed=0, side=14, shape=(72, 88)):
    """Bright columns on a square lattice, an image that is not square and not at the origin."""
    rows, cols = np.mgrid[8 : shape[0] - 8 : side, 8 : shape[1] - 8 : side]
    y, x = np.mgrid[: shape[0], : shape[1]]
    near = [(y - r) ** 2 + (x - c) ** 2 for r, c in zip(rows.flat, cols.flat, strict=True)]
    counts = 30 + sum(400 * np.exp(-d / 18) for d in near)
    counts = np.random.default_rng(seed).poisson(counts).astype(np.uint16)
    return tw.make_image(counts, sampling=(0.02, 0.021), origin=(1.0, 2.0)), rows.size


@pytest.fixture
def image():
    return draw()[0]


@pytest.fixture
def count():
    return draw()[1]


@pytest.fixture
def crystal():
    """An image with enough columns to tell their lattice."""
    return draw(side=12, shape=(130, 150))[0]


@pytest.fixture
def folder(tmp_path):
    """Two images, and a file that cannot be read."""
    made = tmp_path / "images"
    made.mkdir()
    for seed, name in enumerate(("a.nc", "c.nc")):
        tw.save(made / name, draw(seed)[0])
    (made / "b.tif").write_bytes(b"no picture")
    (made / "notes.txt").write_text("not an image")
    return made
