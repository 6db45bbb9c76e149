"""What the layer is sent: pixels, colours, markers; and the sentences of errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.views.colormaps import NAMES, colour_table
from temwidgets.widgets.views.layer import ImageLayer
from temwidgets.widgets.views.markers import colouring, colours, places, states
from temwidgets.widgets.views.picture import contrast_limits, encode, shrink
from temwidgets.widgets.views.scale_bar import length_label, round_length


def decoded(record):
    raw = np.frombuffer(record["data"], record["dtype"]).reshape(record["shape"])
    return record["offset"] + record["step"] * raw


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "bool"])
def test_whole_numbers_are_exact(dtype):
    values = np.arange(12).reshape(3, 4).astype(dtype)
    record = encode(tw.make_image(values))
    assert np.array_equal(decoded(record), values.astype(float))
    assert len(record["data"]) <= 2 * values.size


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_real_numbers_keep_four_digits_of_their_range(offset, spread):
    values = offset + spread * np.random.default_rng(0).random((20, 30))
    record = encode(tw.make_image(values))
    assert abs(decoded(record) - values).max() <= 1e-4 * spread + 1e-6 * abs(offset)


def test_hot_pixels_do_not_cost_the_others_their_digits():
    values = np.random.default_rng(0).random((50, 60))
    values[3, 4] = 1e6
    assert decoded(encode(tw.make_image(values))) == pytest.approx(values, rel=1e-6)


def test_missing_pixels_and_constant_images():
    values = np.ones((5, 6))
    assert contrast_limits(encode(tw.make_image(values)), (0, 100)) == (1, 2)
    values[2, 3] = np.nan
    assert np.isnan(decoded(encode(tw.make_image(values)))[2, 3])
    record = encode(tw.make_image(np.full((3, 3), np.nan)))
    assert contrast_limits(record, (1, 99)) == (0, 1)


def test_symmetric_contrast():
    values = np.linspace(-3, 1, 400).reshape(20, 20)
    low, high = contrast_limits(encode(tw.make_image(values), symmetric=True), (0, 100))
    assert (low, high) == pytest.approx((-3, 3))


def test_large_images_are_averaged():
    image = tw.make_image(np.arange(40.0).reshape(4, 10), sampling=(1, 2), origin=(5, 6))
    small = shrink(image, 5)
    assert small.shape == (2, 5)
    assert float(small[0, 0]) == 5.5
    assert (float(small.y[0]), float(small.x[0])) == (5.5, 7.0)
    assert shrink(image, 10) is image


@pytest.mark.parametrize("name", NAMES)
def test_colour_tables(name):
    table = colour_table(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8


def test_unknown_colour_table_is_explained():
    with pytest.raises(ValueError, match="no colour map 'jet'; choose one of grey"):
        colour_table("jet")


def test_places_are_relative_to_the_origin_and_failed_fits_are_nowhere():
    columns = tw.make_columns([1.5, np.nan], [2.25, 3.0])
    for name, value in (("sigma_major", 0.1), ("sigma_minor", 0.05), ("theta", 90.0)):
        columns[name] = quantity("column", [value, np.nan], "nm", name)
    sent = places(columns, (1.0, 2.0))
    rows = np.frombuffer(sent["places"], np.float32).reshape(-1, 5)
    assert rows[0] == pytest.approx([0.25, 0.5, 0.1, 0.05, np.pi / 2])
    assert rows[1, 0] > 1e8
    assert rows[1, 2:].tolist() == [0, 0, 0]


def test_no_columns():
    assert places(None, (0, 0))["places"] == b""
    assert places(tw.make_columns([], []), (0, 0))["spacing"] == 0
    assert states(None, np.zeros(0, bool)) == b""


def test_spacing_of_a_lattice():
    y, x = np.mgrid[0:20, 0:30] * 0.25
    sent = places(tw.make_columns(y.ravel(), x.ravel()), (0, 0))
    assert sent["spacing"] == pytest.approx(0.25, rel=0.1)


def test_colours_by_value_and_by_category():
    columns = tw.make_columns(np.zeros(4), np.zeros(4))
    columns["v"] = quantity("column", [0.0, 1.0, 2.0, np.nan], "nm", "v")
    columns["kind"] = quantity("column", [0, 1, 1, -1], "1", "kind")
    how = colouring(columns, "v", "grey", (0, 2))
    assert colours(how, 4, "#000000")[:, 0].tolist() == [0, 128, 255, 153]
    assert how.legend["low"] == "0"
    by_kind = colours(colouring(columns, "kind", "grey"), 4, "#000000")
    assert np.array_equal(by_kind[1], by_kind[2])
    assert not np.array_equal(by_kind[0], by_kind[1])
    assert by_kind[3].tolist() == [127, 127, 127]
    assert colours(colouring(columns, None, "grey"), 2, "#010203").tolist() == [[1, 2, 3]] * 2


@pytest.mark.parametrize(
    ("longest", "length", "label"),
    [(0.26, 0.2, "0.2 nm"), (7, 5, "5 nm"), (1.0, 1, "1 nm"), (2600, 2000, "2 µm")],
)
def test_scale_bar_is_round(longest, length, label):
    assert round_length(longest) == pytest.approx(length)
    assert length_label(round_length(longest), "nm") == label


def test_the_module_is_one_file_without_imports():
    assert "export default" in ImageLayer._esm
    assert "import " not in "".join(
        line for line in ImageLayer._esm.splitlines() if line.startswith("import")
    )


class Owner:
    message = ""

    @guarded
    def fail(self, error):
        raise error


def test_guarded_tells_instead_of_raising():
    owner = Owner()
    assert owner.fail(ValueError("The image is empty. Load another.")) is None
    assert owner.message == "The image is empty. Load another."
    owner.fail(KeyError("y"))
    assert owner.message == "KeyError: 'y'"
    assert sentence(ZeroDivisionError()) == "ZeroDivisionError"


def test_unknown_options_are_explained():
    reject_unknown("View", {"bins": 3}, ["bins"])
    with pytest.raises(TypeError, match=r"View has no option 'bin'\. Did you mean 'bins'\?"):
        reject_unknown("View", {"bin": 3}, ["bins"])
    with pytest.raises(TypeError, match=r"It knows bins, range\."):
        reject_unknown("View", {"xyz": 3}, ["range", "bins"])
