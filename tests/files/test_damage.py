"""Damaged files give a sentence, whatever is left of them, and never other pixels."""

import shutil
import warnings

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skimage.io import imsave

import temwidgets as tw
from temwidgets.conventions import make_image

PIXELS = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 5 + 3
GREY = (PIXELS % 251).astype(np.uint8)
KINDS = ("npy", "tif", "strips.tif", "packed.tif", "png", "jpg", "nc", "velox.emd", "berkeley.emd")
KINDS += ("hspy", "mrc", "ser", "dm3")


def write(make, folder, kind):
    """Write a whole file of that kind."""
    path = folder / f"whole.{kind}"
    if kind == "npy":
        np.save(path, PIXELS)
    elif kind == "packed.tif":
        tifffile.imwrite(path, PIXELS, compression="zlib", rowsperstrip=8)
    elif kind.endswith("tif"):
        tifffile.imwrite(path, PIXELS, rowsperstrip=8 if kind == "strips.tif" else None)
    elif kind in ("png", "jpg"):
        imsave(path, GREY, check_contrast=False)
    elif kind == "nc":
        tw.save(path, make_image(PIXELS, sampling=0.1))
    elif kind == "velox.emd":
        make.velox(path, {"HAADF": PIXELS[..., None]})
    elif kind == "mrc":
        make.mrc(path, PIXELS, (1, 1, 1))
    elif kind == "ser":
        make.ser(path, PIXELS)
    elif kind == "dm3":
        make.dm3(path, PIXELS)
    elif kind == "hspy":
        make.hspy(path, PIXELS, ("nm", "nm"))
    else:
        make.berkeley(path, PIXELS)
    return path


def outcome(path):
    """Return the image, or None after a sentence; anything else is an error of the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tw.read(path)
        except ValueError as error:
            text = str(error)
    assert path.name in text
    assert text.endswith((".", ")."))
    assert "\n" not in text
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_files(tmp_path, make, kind):
    if kind in ("berkeley.emd", "hspy", "mrc", "ser", "dm3"):
        pytest.importorskip("rsciio")
    whole = write(make, tmp_path, kind)
    content = whole.read_bytes()
    expected = outcome(whole)
    assert expected is not None
    cut = tmp_path / f"cut.{kind}"
    lengths = {1, 3, 20, *np.linspace(30, len(content) - 1, 25).astype(int)}
    for length in sorted(lengths):
        cut.write_bytes(content[:length])
        image = outcome(cut)
        assert image is None or np.array_equal(image, expected), length


@pytest.mark.parametrize("kind", KINDS)
def test_text_with_the_name_of_an_image(tmp_path, make, kind):
    path = tmp_path / f"a.{kind}"
    path.write_text("this is no image\n" * 100)
    if kind in ("hspy", "mrc", "ser", "dm3"):
        pytest.importorskip("rsciio")
    assert outcome(path) is None


@pytest.mark.parametrize("name", ["pt_atoms", "drift_series"])
def test_truncated_examples(tmp_path, name):
    shutil.copy(tw.examples.path(name), tmp_path / "a.nc")
    content = (tmp_path / "a.nc").read_bytes()
    for share in (0.01, 0.3, 0.7, 0.99):
        (tmp_path / "cut.nc").write_bytes(content[: int(share * len(content))])
        assert outcome(tmp_path / "cut.nc") is None


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["npy", "tif", "png", "jpg", "mrc", "ser", "dm3"]), st.data())
def test_flipped_bytes_in_the_header(tmp_path, make, kind, data):
    if kind in ("mrc", "ser", "dm3"):
        pytest.importorskip("rsciio")
    content = bytearray(write(make, tmp_path, kind).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 300))] = data.draw(st.integers(0, 255))
    damaged = tmp_path / f"damaged.{kind}"
    damaged.write_bytes(content)
    outcome(damaged)
