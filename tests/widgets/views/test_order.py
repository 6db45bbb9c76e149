import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.order import OrderView
from temwidgets.widgets.workspace import Workspace

MAP = "order"


@pytest.fixture
def field():
    return tw.make_image(np.zeros((240, 220)), sampling=(0.04, 0.04), origin=(5.0, -2.0))


def waited(view):
    assert view.workspace.job.wait(60)
    return view


def test_bare_columns_are_measured_at_once(ordered):
    view = OrderView(ordered, lattice=tw.make_lattice((0, 0.4), (0.39, 0)), noise="white")
    assert float(view.order["peak_q_a"][0]) == pytest.approx(0.5)
    assert "it repeats every 2 cells along a" in view._words.value
    for text in ("(1/2, 0)", "Wavelength (nm)", "0.8", "counts nm²"):
        assert text in view._table.value
    assert "p = 0.01 at" in view._ramp.value
    assert sorted(view.figure._rings.x) == [-0.5, 0.5]
    assert view.figure._picture.x[0] < -0.5 < 0.5 < view.figure._picture.x[1]


def test_peaks_have_to_stand_out_from_what_is_round_them(ordered):
    view = OrderView(ordered)
    assert view.order.attrs["noise"] == view.noise == view._controls.noise.value == "smooth"
    assert view._controls.noise.options[0] == ("noise round the peak", "smooth")
    assert float(view.order["p_value"][0]) < 1e-4
    rng = np.random.default_rng(1)
    own = rng.normal(size=(22, 26))  # neighbours that a fit confuses: one takes what another loses
    near = own[:-2, 1:-1] + own[2:, 1:-1] + own[1:-1, :-2] + own[1:-1, 2:]
    shared = own[1:-1, 1:-1] - 0.25 * near
    cells = tuple(ordered[name].values.astype(int) for name in ("n_a", "n_b"))
    ordered["intensity"] = ordered["intensity"].copy(data=shared[cells])
    assert "No order beyond chance" in OrderView(ordered)._words.value
    assert "Order in" in OrderView(ordered, noise="white")._words.value


def test_without_order_it_says_so(disordered):
    view = OrderView(disordered)
    assert "No order beyond chance" in view._words.value
    assert view._controls.peak.options[0] == ("none", "")


def test_what_the_mouse_does_equals_what_python_does(ordered):
    mouse, python = OrderView(ordered), OrderView(ordered)
    mouse.figure._rings.selected = [0]
    python.peak = 0
    assert mouse.peak == python.peak == 0
    wave = python.columns["intensity_modulation"].values
    np.testing.assert_array_equal(mouse.columns["intensity_modulation"], wave)
    assert len(set(np.sign(wave[ordered["n_a"].values % 2 == 0]))) == 1
    assert python._controls.peak.value == 0
    mouse.figure._rings.selected = [1]
    assert mouse.peak is None
    assert mouse.modulation is None
    python._controls.peak.value = ""
    assert python.peak is None


def test_crests_are_selected_everywhere(ordered):
    shared = Selection()
    view = OrderView(ordered, selection=shared)
    view.select_crests()
    assert "No peak is chosen" in view.message
    assert view._controls.crests.disabled
    view.peak = 0
    assert not view._controls.crests.disabled
    view._controls.crests.click()
    even = ordered["column"].values[ordered["n_a"].values % 2 == 0]
    np.testing.assert_array_equal(shared.labels, even)
    assert shared.rule == "intensity_modulation > 0"
    assert Histogram(view.workspace, "intensity_modulation").shown == "intensity_modulation"


def test_the_wave_is_drawn_on_the_image(field, ordered):
    workspace = Workspace(field, ordered)
    image = ImageView(workspace)
    view = OrderView(workspace, view=image)
    assert "Press Find order" in view.message
    assert MAP not in image.maps
    view._controls.find.click()
    waited(view).peak = 0
    assert image.maps[MAP].title == "wave of peak 0 (counts nm²)"
    low, high = image.maps[MAP].limits
    assert low == -high == pytest.approx(-float(view.order["amplitude"][0]), rel=1e-6)
    view.alpha = 0.3
    assert image.maps[MAP].alpha == 0.3
    view.peak = None
    assert MAP not in image.maps
    view.peak = 0
    view.active = False
    assert MAP not in image.maps
    view.active = True
    assert MAP in image.maps
    view.close()
    assert MAP not in image.maps


def test_steps_are_in_the_history(field, ordered):
    workspace = Workspace(field, ordered)
    view = OrderView(workspace)
    view.measure()
    waited(view)
    view.trend = 3
    waited(view).peak = 0
    text = workspace.script()
    assert text.count("order_spectrum") == 1
    assert "trend=3" in text
    assert "columns = tw.order_modulation(columns, order)\n" in text
    workspace.columns = ordered.isel(column=slice(1, None))
    assert view.order is None
    assert view.peak is None
    assert "Press Find order" in view.message


def test_options_measure_anew_once_there_is_a_spectrum(ordered):
    ordered["other"] = ordered["intensity"] * 0 + ordered["y"] % 0.37
    ordered["site"] = ("column", (np.arange(ordered.sizes["column"]) % 2))
    view = OrderView(ordered)
    assert view.order.attrs["site"] == 0
    view._controls.site.value = 1
    assert waited(view).order.attrs["site"] == 1
    view._controls.variable.value = "other"
    assert waited(view).order.attrs["variable"] == "other"
    view.noise = "white"
    assert waited(view).order.attrs["noise"] == "white"
    assert view._controls.noise.value == "white"
    view.site = 7
    assert "no site 7" in waited(view).workspace.message.text
    assert view.order.attrs["site"] == 1


def test_a_variable_of_another_site_takes_its_site_along(ordered):
    ordered["site"] = ("column", np.arange(ordered.sizes["column"]) % 2)
    ordered["other"] = ordered["intensity"].where(ordered["site"] == 1)
    view = OrderView(ordered)
    assert view.order.attrs["site"] == 0
    view._controls.variable.value = "other"
    assert waited(view).order.attrs["variable"] == "other"
    assert view.order.attrs["site"] == view.site == view._controls.site.value == 1


def test_errors_are_sentences(columns, ordered, workspace):
    with pytest.raises(ValueError, match="their cells are not numbered"):
        OrderView(columns)
    with pytest.raises(ValueError, match="have no 'brightness'"):
        OrderView(ordered, "brightness")
    with pytest.raises(TypeError, match="Did you mean 'noise'"):
        OrderView(ordered, nois="white")
    with pytest.raises(TypeError, match="view is an ImageView"):
        OrderView(ordered, view=3)
    with pytest.raises(TypeError, match="give it a Workspace"):
        OrderView(3)
    view = OrderView(ordered)
    view.peak = 9
    assert "There is no peak 9" in view.message
    assert view.peak is None
    assert "not numbered yet" in OrderView(workspace).message
    empty = OrderView()
    assert "No columns yet" in empty.message
    empty.measure()
    assert "No columns yet" in empty.message
    empty.close()


def test_peaks_are_saved(ordered, tmp_path):
    view = OrderView(ordered)
    view.save_csv(tmp_path / "peaks.csv")
    text = (tmp_path / "peaks.csv").read_text(encoding="utf-8")
    assert text.startswith("# order of intensity\n")
    assert "p_value" in text


def test_a_spectrum_measured_elsewhere_is_shown_with_its_options(ordered):
    workspace = Workspace(None, ordered.assign(other=ordered["intensity"] + 1))
    view = OrderView(workspace)
    workspace.run(tw.order_spectrum, wait=True, variable="other", trend=2, noise="smooth")
    made = workspace.order
    for shown in (view, OrderView(workspace)):
        assert shown.order is made
        assert (shown.variable, shown.trend, shown.noise) == ("other", 2, "smooth")
        assert shown._controls.trend.value == 2
    assert waited(view).workspace.order is made
    assert "at a power of" not in view._ramp.value


def test_while_something_runs_no_peak_is_chosen(ordered, monkeypatch):
    def busy(*_, **__):
        raise RuntimeError("another step is still running")

    view = OrderView(ordered)
    monkeypatch.setattr(view.workspace, "run", busy)
    view.peak = 0
    assert view.peak is None
    assert "still running" in view.message
