"""Files opened without loading them: the same pixels and positions, a frame at a time."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import tifffile
import xarray as xr

import temwidgets as tw

pytest.importorskip("dask.array")


@pytest.fixture
def values():
    return np.random.default_rng(2).integers(0, 60000, (4, 12, 17)).astype(np.uint16)


def write_npy(path, values):
    np.save(path.with_suffix(".npy"), values)


def write_swapped_npy(path, values):
    np.save(path.with_suffix(".npy"), values.astype(">u2"))


def write_nc(path, values):
    image = tw.make_image(values, sampling=(0.02, 0.03), origin=(1.0, -2.0))
    tw.save(path.with_suffix(".nc"), image.assign_coords(frame=[3, 5, 7, 9]))


def write_nc_of_others(path, values):
    xr.Dataset({"counts": (("t", "y", "x"), values)}).to_netcdf(path.with_suffix(".nc"))


def write_tif(path, values):
    tifffile.imwrite(path.with_suffix(".tif"), values, photometric="minisblack")


def write_inverted_tif(path, values):
    tifffile.imwrite(path.with_suffix(".tif"), values, photometric="miniswhite")


def write_compressed_tif(path, values):
    tifffile.imwrite(
        path.with_suffix(".tif"), values, compression="zlib", photometric="minisblack",
    )  # fmt: skip


def write_imagej_tif(path, values):
    tifffile.imwrite(
        path.with_suffix(".tif"), values, imagej=True, resolution=(50.0, 40.0),
        metadata={"unit": "nm", "axes": "TYX"},
    )  # fmt: skip


def write_mrc(path, values):
    pytest.importorskip("rsciio.mrc")
    header = np.zeros(256, np.int32)
    header[[0, 1, 2]] = values.shape[::-1]
    header[[3, 7, 8, 9]] = 6, *values.shape[::-1]
    header.view(np.float32)[10:13] = np.array(values.shape[::-1]) * 0.2
    path.with_suffix(".mrc").write_bytes(header.tobytes() + values.tobytes())


WRITERS = [value for name, value in list(globals().items()) if name.startswith("write_")]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_it_is_the_same_as_when_loaded(write, values, tmp_path):
    write(tmp_path / "stack", values)
    (path,) = tmp_path.iterdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded, lazy = tw.read(path), tw.read(path, lazy=True)
    assert loaded.shape == values.shape
    assert lazy.chunks == ((1, 1, 1, 1), (12,), (17,))
    assert lazy.dtype.isnative
    xr.testing.assert_identical(lazy.compute(), loaded)
    assert len(pickle.dumps(lazy.isel(frame=2))) < 20_000
    xr.testing.assert_identical(pickle.loads(pickle.dumps(lazy[2])).compute(), loaded[2])


def test_a_signal_of_hyperspy(make, values, tmp_path):
    make.hspy(tmp_path / "a.hspy", values, ("", "nm", "nm"), navigate=(0,))
    loaded, lazy = tw.read(tmp_path / "a.hspy"), tw.read(tmp_path / "a.hspy", lazy=True)
    assert lazy.chunks == ((1, 1, 1, 1), (12,), (17,))
    xr.testing.assert_identical(lazy.compute(), loaded)


def test_a_single_image_can_be_opened_so_too(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(30.0).reshape(5, 6))
    image = tw.read(tmp_path / "a.npy", sampling=0.1, lazy=True)
    xr.testing.assert_identical(image.compute(), tw.read(tmp_path / "a.npy", sampling=0.1))


@pytest.mark.parametrize("name", ["a.png", "a.emd"])
def test_what_cannot_be_opened_lazily_is_told(name, tmp_path):
    (tmp_path / name).write_bytes(b"12345678")
    with pytest.raises(ValueError, match=f"{name} cannot be opened lazily; files that can: dm3"):
        tw.read(tmp_path / name, lazy=True)


def test_tiff_layouts_that_cannot_be_opened_lazily_are_told(tmp_path):
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(
        tmp_path / "p.tif", np.zeros((3, 8, 9), np.uint8), photometric="palette", colormap=colours
    )
    with pytest.raises(ValueError, match=r"p\.tif has a table of colours"):
        tw.read(tmp_path / "p.tif", lazy=True)
    deep = np.zeros((4, 16, 16), np.uint8)
    tifffile.imwrite(tmp_path / "d.tif", deep, tile=(4, 16, 16), volumetric=True,
                     photometric="minisblack", compression="zlib")  # fmt: skip
    with pytest.raises(ValueError, match=r"d\.tif does not hold its frames page by page"):
        tw.read(tmp_path / "d.tif", lazy=True)


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"not an array")
    with pytest.raises(ValueError, match=r"a\.npy cannot be read as a \.npy file"):
        tw.read(tmp_path / "a.npy", lazy=True)


def test_without_dask_the_extra_is_named(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.zeros((2, 5, 6)))
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(ImportError, match=r"pip install \"temwidgets\[cluster\]\""):
        tw.read(tmp_path / "a.npy", lazy=True)


BOUND = """
import resource, sys
import numpy as np, temwidgets as tw
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stack = tw.read(sys.argv[1], sampling=0.02, lazy=True)
sums = tw.each_frame(lambda image: float(image.sum()), stack)
print(len(sums), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_memory_stays_bounded_by_the_frames(tmp_path):
    # a sparse file: 1 GB of zeros that takes no room on the disk
    np.lib.format.open_memmap(tmp_path / "big.npy", "w+", np.float32, (64, 2048, 2048))
    done = subprocess.run(
        [sys.executable, "-c", BOUND, str(tmp_path / "big.npy")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    frames, megabytes = done.stdout.split()
    assert frames == "64"
    assert float(megabytes) < 200
