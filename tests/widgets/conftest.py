from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.vectors import with_displacement
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def image():
    rng = np.random.default_rng(1)
    return tw.make_image(rng.random((24, 36)), sampling=(0.02, 0.03), origin=(5.0, -2.0))


@pytest.fixture
def columns():
    rng = np.random.default_rng(2)
    columns = tw.make_columns(5 + rng.random(30) * 0.4, -2 + rng.random(30), labels=range(10, 40))
    intensity = rng.normal(5.0, 1.0, 30)
    attrs = {"units": "counts nm²", "long_name": "integrated intensity"}
    columns["intensity"] = ("column", intensity, attrs)
    columns["sublattice"] = ("column", np.arange(30) % 2, {"units": "1", "long_name": "sublattice"})
    return columns


@pytest.fixture
def workspace(image, columns):
    return Workspace(image, columns)


@pytest.fixture
def displaced(columns):
    """Columns with a displacement of some hundredths of a nm; two have none."""
    vector = np.random.default_rng(3).normal(0, 0.02, (30, 2))
    vector[:2] = np.nan
    out = with_displacement(columns, vector, np.tile(1e-6 * np.eye(2), (30, 1, 1)), "a test")
    return out


def crystal(contrast, seed=5):
    """Columns on 20 x 24 cells, some missing; rows along b alternate by `contrast`."""
    rng = np.random.default_rng(seed)
    n_a, n_b = (v.ravel().astype(float) for v in np.mgrid[:20, :24])
    there = rng.random(n_a.size) > 0.05
    n_a, n_b = n_a[there], n_b[there]
    columns = tw.make_columns(5 + 0.39 * n_b, -2 + 0.4 * n_a)
    for name, values in (("n_a", n_a), ("n_b", n_b), ("site", np.zeros(n_a.size, int))):
        columns[name] = ("column", values, {"units": "1", "long_name": name})
    intensity = 5 + contrast / 2 * np.where(n_a % 2, -1, 1) + rng.normal(0, 0.5, n_a.size)
    attrs = {"units": "counts nm²", "long_name": "integrated intensity"}
    columns["intensity"] = ("column", intensity, attrs)
    return columns


@pytest.fixture
def ordered():
    """Hidden order: every other row is fainter by less than the spread of single columns."""
    return crystal(0.4)


@pytest.fixture
def disordered():
    """The same without order."""
    return crystal(0.0)


@pytest.fixture
def make_domains():
    def make(image, labels=(0, 2, 5)):
        label = np.full(image.shape, -1, np.int32)
        places = {0: (slice(2, 32), slice(2, 38)), 2: (slice(35, 50), slice(5, 20)),
                  5: (slice(5, 20), slice(50, 65))}  # fmt: skip
        spots = {0: (0.2040, 0.2356), 2: (0.2041, np.nan), 5: (0.3135, np.nan)}
        pixel = float(np.prod([abs(np.diff(image[n].values[:2])[0]) for n in "yx"]))
        corners = []
        for n in labels:
            label[places[n]] = n
            rows, cols = places[n]
            ring = [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]
            y = [image.y.values[(rows.start, rows.stop - 1)[i]] for i, _ in ring]
            x = [image.x.values[(cols.start, cols.stop - 1)[j]] for _, j in ring]
            corners += [(yy, xx, n, 0) for yy, xx in zip(y, x, strict=True)]
        area = [pixel * (label == n).sum() for n in labels]
        vertex = np.array(corners, float).reshape(-1, 4)
        unit = image.y.attrs["units"]
        made = xr.Dataset(
            {
                "label": (("y", "x"), label, {"units": "1", "long_name": "domain"}),
                "area": ("domain", np.array(area, float), {"units": f"{unit}^2"}),
                "orientation": ("domain", [10.0 + 30 * i for i in range(len(labels))],
                                {"units": "deg"}),
                "confidence": ("domain", np.full(len(labels), 0.9), {"units": "1"}),
                "d_spacing": (("domain", "spot"), np.reshape([spots[n] for n in labels], (-1, 2)),
                              {"units": unit}),
                "vertex_y": ("vertex", vertex[:, 0]),
                "vertex_x": ("vertex", vertex[:, 1]),
                "vertex_domain": ("vertex", vertex[:, 2].astype(int)),
                "vertex_ring": ("vertex", vertex[:, 3].astype(int)),
            },
            coords={"y": image.y, "x": image.x, "domain": np.array(labels, int)},
            attrs={"crystalline_area": float(sum(area)), "total_area": pixel * label.size,
                   "crystalline_fraction": float((label >= 0).mean())},
        )  # fmt: skip
        return made

    return make


@pytest.fixture(scope="session")
def film():
    """A movie of five frames, its drift, and tracks as perfect fits of all frames have them."""
    stack, truth = tw.synthetic.movie(
        (70, 90), frames=5, drift=(0.8, -0.6), vibration=0.05, hops=1, hop=3.0, seed=1
    )
    tracks = truth[["y", "x", "sublattice"]].assign_coords(frame=stack["frame"])
    both, rng = ("frame", "column"), np.random.default_rng(2)
    for name in ("y_std", "x_std", "intensity_std"):
        size = 0.02 if name != "intensity_std" else 4.0
        tracks[name] = (both, np.full(truth["y"].shape, size), {"units": "px", "long_name": name})
    level = truth["amplitude"].values + 4.0 * rng.standard_normal(truth["y"].shape)
    attrs = {"units": "counts", "long_name": "integrated intensity"}
    tracks["intensity"] = (both, level, attrs)
    tracks["seen"] = truth["inside"]
    tracks.attrs["next_label"] = tracks.sizes["column"]
    return SimpleNamespace(
        stack=stack, drift=truth[["drift_y", "drift_x"]], tracks=tw.drift_free(tracks)
    )
