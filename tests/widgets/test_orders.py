"""The spectrum of order as a product of a workspace."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.orders import describe_order, place_text, probability
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def measured(ordered):
    workspace = Workspace(None, ordered)
    workspace.run(tw.order_spectrum, variable="intensity", wait=True)
    return workspace


def test_a_spectrum_becomes_the_product_and_its_step_is_scripted(measured):
    assert measured.order.attrs["variable"] == "intensity"
    assert measured.message.text.startswith("order_spectrum: order of intensity at (1/2, 0) with")
    assert "order = tw.order_spectrum(columns)\n" in measured.script()
    measured.run(tw.order_modulation, wait=True, peak=0)
    assert "columns = tw.order_modulation(columns, order)\n" in measured.script()


def test_it_stays_while_the_columns_it_was_made_of_stay(measured):
    spectrum = measured.order
    measured.run(tw.order_modulation, wait=True, peak=0)
    assert measured.order is spectrum
    measured.run(lambda columns: columns.assign(height=2 * columns["y"]), wait=True)
    assert measured.order is spectrum
    measured.run(lambda columns: columns.assign(intensity=2 * columns["intensity"]), wait=True)
    assert measured.order is None
    measured.undo()
    assert measured.order is spectrum
    measured.run(lambda columns: columns.drop_vars("intensity"), wait=True)
    assert measured.order is None
    measured.undo()
    measured.run(lambda columns: columns.isel(column=slice(1, None)), wait=True)
    assert measured.order is None
    measured.undo()
    measured.columns = None
    assert measured.order is None


def test_a_workspace_with_a_spectrum_is_saved_and_reopened(measured, tmp_path):
    measured.save(tmp_path / "w.nc")
    again = Workspace.open(tmp_path / "w.nc")
    np.testing.assert_array_equal(again.order["power"], measured.order["power"])
    again.run(tw.order_modulation, wait=True, peak=0)
    assert "intensity_modulation" in again.columns


def test_without_a_spectrum_there_is_no_modulation(ordered):
    with pytest.raises(ValueError, match="needs an order spectrum; look for order first"):
        Workspace(None, ordered).run(tw.order_modulation, wait=True)


def test_words(disordered):
    nothing = tw.order_spectrum(disordered)
    assert describe_order(nothing).startswith("no order of intensity beyond chance, p = 0.")
    spectrum = nothing.isel(peak=0)
    for name, value in (("peak_q_a", -0.3333), ("peak_q_b", 0.2131)):
        spectrum[name] = spectrum[name] * 0 + value
        spectrum[f"{name}_std"] = spectrum[name] * 0 + 0.0003
    assert place_text(spectrum) == "(−0.333, 0.213)"
    spectrum["p_value"] = spectrum["p_value"] * 0
    assert place_text(spectrum) == "(−1/3, 0.213)"
    spectrum["peak_q_a_std"] = spectrum["peak_q_a_std"] * 0 + 0.1
    assert place_text(spectrum) == "(−0.333, 0.213)"
    assert probability(-0.5) == "0.32"
    assert probability(-156.8) == "2 × 10⁻¹⁵⁷"
    assert probability(-12.001) == "10⁻¹²"
