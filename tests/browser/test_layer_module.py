"""The ES module of the image layer alone in a blank page: pixels, gestures, messages."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import temwidgets as tw
from temwidgets.widgets import ImageView
from temwidgets.widgets.views.layer import ImageLayer
from temwidgets.widgets.views.raster import draw_image
from temwidgets.widgets.views.scene import make_scene

pytestmark = pytest.mark.browser

MOUNT = Path(__file__).with_name("blank_page.js").read_text()
MARGIN = {"top": 20, "bottom": 30, "left": 40, "right": 10}
WIDTH, HEIGHT = 450, 350
PLOT = {"x": 40, "y": 20, "width": 400, "height": 300}


def encoded(value):
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


@pytest.fixture(scope="module")
def page(browser):
    opened = browser.new_page(viewport={"width": 600, "height": 500})
    yield opened
    opened.close()


class Mounted:
    def __init__(self, page, view, *, early=None, **changes):
        self.page, self.view, self.errors = page, view, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        skip = ("layout", "tabbable", "tooltip", "x_scale", "y_scale")
        names = [n for n in view.stage.layer.keys if n[0] != "_" and n not in skip]
        state = {name: encoded(getattr(view.stage.layer, name)) for name in names}
        state |= {"scale_bar": False, "margin": MARGIN, **changes}
        x, y = view.stage.ranges
        page.evaluate(
            MOUNT,
            {"esm": ImageLayer._esm, "state": state, "x": x, "y": y, "width": WIDTH,
             "height": HEIGHT, "early": early},
        )  # fmt: skip
        self.settle()

    def settle(self):
        self.page.wait_for_function("() => document.querySelector('canvas')?.dataset.drawn > 0")
        self.page.wait_for_timeout(60)

    def set(self, **values):
        self.page.evaluate(
            "(v) => Object.entries(window.decode(v)).forEach(([k, x]) => window.layer.set(k, x))",
            {name: encoded(value) for name, value in values.items()},
        )
        self.page.wait_for_timeout(60)

    def pixels(self):
        picture = self.page.screenshot(clip=PLOT)
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)

    def ranges(self):
        x, y = self.page.evaluate(
            "() => ['x', 'y'].map((a) => ['min', 'max'].map((e) => window.models[a].get(e)))"
        )
        return tuple(x), tuple(y)

    def place(self, x, y):
        (left, right), (top, bottom) = self.ranges()
        across = (x - left) / (right - left) * PLOT["width"]
        down = (y - top) / (bottom - top) * PLOT["height"]
        return PLOT["x"] + across, PLOT["y"] + down

    def sent(self):
        """What the gestures asked for since the last call."""
        messages = self.page.evaluate("() => window.layer.sent.splice(0)")
        return [message for message in messages if message[0]["type"] != "shown"]

    def drag(self, *points, modifier=None):
        if modifier:
            self.page.keyboard.down(modifier)
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up()
        if modifier:
            self.page.keyboard.up(modifier)
        self.page.wait_for_timeout(100)


def pattern(shape=(60, 90), **kwargs):
    rng = np.random.default_rng(5)
    values = rng.integers(0, 200, shape).astype(np.uint8)
    return tw.make_image(values, **{"sampling": (0.02, 0.03), "origin": (1.0, -2.0), **kwargs})


def grid_columns(image, count=5):
    y = np.linspace(float(image.y[5]), float(image.y[-6]), count)
    x = np.linspace(float(image.x[5]), float(image.x[-6]), count)
    yy, xx = np.meshgrid(y, x, indexing="ij")
    return tw.make_columns(yy.ravel(), xx.ravel())


@pytest.fixture
def mounted(page):
    image = pattern()
    made = Mounted(page, ImageView(image, grid_columns(image)))
    yield made
    assert not made.errors


def reference(view, ranges):
    scene = make_scene(view)._replace(x_range=ranges[0], y_range=ranges[1])
    return draw_image(scene, PLOT["width"]).astype(int)


@pytest.mark.parametrize("renderer", ["auto", "raster"])
@pytest.mark.parametrize("cmap", ["grey", "viridis"])
def test_image_pixels_equal_the_raster(page, cmap, renderer):
    view = ImageView(pattern(), cmap=cmap, percentiles=(5, 90), gamma=0.7)
    made = Mounted(page, view, renderer=renderer)
    shown, wanted = made.pixels(), reference(view, made.ranges())
    inside = (wanted < 255).any(axis=2)
    assert np.mean(np.abs(shown - wanted)[inside].max(axis=1) > 6) < 0.02


def test_minified_lattice_does_not_alias(page):
    # Period 3.1 px at 4 px to a screen pixel: nearest sampling would show a false lattice.
    wave = np.cos(2 * np.pi * np.arange(1200) / 3.1)
    image = tw.make_image((100 + 50 * np.outer(wave, wave)).astype("float32"), sampling=0.01)
    shown = Mounted(page, ImageView(image, percentiles=(0, 100))).pixels()
    assert shown[100:200, 150:250].std() < 6


def test_equal_scale_along_x_and_y(mounted):
    (left, right), (top, bottom) = mounted.ranges()
    assert (right - left) / PLOT["width"] == pytest.approx((bottom - top) / PLOT["height"])


def test_ranges_asked_for_while_the_view_is_made_are_shown(page):
    wish = {"type": "ask", "x": [-1.4, -0.4], "y": [1.3, 1.7]}
    made = Mounted(page, ImageView(pattern()), early=wish)
    (left, right), (top, bottom) = made.ranges()
    assert (left + right) / 2 == pytest.approx(-0.9)
    assert (top + bottom) / 2 == pytest.approx(1.5)
    assert right - left == pytest.approx(1.0, rel=0.01)
    assert not made.errors


@pytest.mark.parametrize("zoom", [1.0, 0.3, 0.05])
def test_marker_lies_on_its_pixel_at_every_zoom(page, zoom):
    values = np.zeros((61, 91), np.uint8)
    values[20, 30] = 255
    image = tw.make_image(values, sampling=(0.02, 0.03), origin=(1.0, -2.0))
    at = float(image.y[20]), float(image.x[30])
    view = ImageView(image, tw.make_columns([at[0]], [at[1]]), limits=(0, 255))
    half = zoom * 0.9
    view.zoom_to((at[1] - 0.7 * half, at[1] + 1.3 * half), (at[0] - half, at[0] + half))
    made = Mounted(page, view)
    ringed = made.pixels()
    made.set(show_markers=False)
    bare = made.pixels()
    ring = np.abs(ringed - bare).sum(axis=2) > 60
    middle = np.argwhere(ring).mean(axis=0)
    rows, cols = np.indices(ring.shape)
    pixel = (bare[..., 0] > 128) & (np.hypot(rows - middle[0], cols - middle[1]) < 60)
    for centre in (np.argwhere(ring).mean(axis=0), np.argwhere(pixel).mean(axis=0)):
        px, py = made.place(at[1], at[0])
        assert centre + 0.5 == pytest.approx((py - PLOT["y"], px - PLOT["x"]), abs=0.75)


def test_wheel_zooms_about_the_pointer(mounted):
    before = mounted.ranges()
    point = (140, 120)
    mounted.page.mouse.move(*point)
    mounted.page.mouse.wheel(0, -200)
    mounted.page.wait_for_timeout(400)
    after = mounted.ranges()
    for axis, share in ((0, 100 / 400), (1, 100 / 300)):
        was, now = before[axis], after[axis]
        assert now[1] - now[0] < 0.9 * (was[1] - was[0])
        assert now[0] + share * (now[1] - now[0]) == pytest.approx(
            was[0] + share * (was[1] - was[0])
        )


def test_drag_pans(mounted):
    (left, right), (top, _) = mounted.ranges()
    mounted.drag((200, 150), (240, 130))
    mounted.page.wait_for_timeout(300)
    (now, _), (above, _) = mounted.ranges()
    step = (right - left) / PLOT["width"]
    assert now == pytest.approx(left - 40 * step)
    assert above == pytest.approx(top + 20 * step)


def test_rectangle_and_lasso_select_the_columns_inside(mounted):
    columns = mounted.view.columns
    x, y = columns.x.values, columns.y.values
    for tool in ("rectangle", "lasso"):
        mounted.set(tool=tool)
        mounted.sent()
        a, b = mounted.place(x[6] - 0.05, y[6] - 0.05), mounted.place(x[18] + 0.05, y[18] + 0.05)
        path = [a, b] if tool == "rectangle" else [a, (b[0], a[1]), b, (a[0], b[1])]
        mounted.drag(*path)
        content, (mask,) = mounted.sent()[-1]
        assert content["tool"] == tool
        assert np.flatnonzero(mask).tolist() == [6, 7, 8, 11, 12, 13, 16, 17, 18]


def test_click_selects_and_shift_adds(mounted):
    columns = mounted.view.columns
    places = [mounted.place(float(columns.x[i]), float(columns.y[i])) for i in (3, 9)]
    mounted.page.mouse.click(*places[0])
    mounted.page.keyboard.down("Shift")
    mounted.page.mouse.click(*places[1])
    mounted.page.keyboard.up("Shift")
    sent = mounted.sent()
    masks = [np.flatnonzero(b[0]).tolist() for said, b in sent if said["type"] == "select"]
    assert masks == [[3], [3, 9]]
    clicks = [said for said, _ in sent if said["type"] == "click"]
    assert [said["x"] for said in clicks] == pytest.approx(columns.x.values[[3, 9]], abs=0.02)


def test_editing_tools_say_where(mounted):
    columns = mounted.view.columns
    spot = mounted.place(float(columns.x[12]), float(columns.y[12]))
    mounted.set(tool="move")
    mounted.drag(spot, (spot[0] + 30, spot[1]))
    mounted.set(tool="add")
    mounted.page.mouse.click(100, 100)
    mounted.set(tool="delete")
    mounted.page.mouse.click(*mounted.place(float(columns.x[3]), float(columns.y[3])))
    moved, added, deleted = (content for content, _ in mounted.sent())
    (left, right), _ = mounted.ranges()
    assert moved["type"] == "move"
    assert moved["label"] == 12
    assert moved["x"] == pytest.approx(float(columns.x[12]) + 30 * (right - left) / 400, abs=1e-3)
    assert moved["y"] == pytest.approx(float(columns.y[12]), abs=1e-3)
    assert added["type"] == "add"
    assert deleted == {"type": "delete", "label": 3, "x": None, "y": None}


def test_keys(mounted):
    canvas = mounted.page.locator("canvas")
    assert canvas.get_attribute("role") == "application"
    assert "Arrow keys" in canvas.get_attribute("aria-label")
    home = mounted.ranges()
    canvas.focus()
    for key in ("ArrowRight", "+", "+"):
        mounted.page.keyboard.press(key)
    assert mounted.ranges()[0] != pytest.approx(home[0])
    mounted.page.keyboard.press("0")
    assert mounted.ranges()[0] == pytest.approx(home[0])
    for key in ("Delete", "Control+z", "Control+Shift+z", "Control+a", "Escape"):
        mounted.page.keyboard.press(key)
    kinds = [content["type"] for content, _ in mounted.sent()]
    assert kinds == ["delete", "undo", "redo", "select", "select"]


def test_readout_gives_position_and_counts(mounted):
    image = mounted.view.workspace.image
    mounted.page.mouse.move(*mounted.place(float(image.x[40]), float(image.y[21])))
    text = mounted.page.locator(".tem-readout").inner_text()
    assert f"x {float(image.x[40]):.3f} nm" in text
    assert f"{int(image[21, 40])} counts" in text


def test_resize_keeps_the_scale_equal_and_the_image_whole(mounted):
    mounted.page.evaluate("() => { document.querySelector('.tem-layer').style.width = '300px'; }")
    mounted.page.wait_for_timeout(200)
    (left, right), (top, bottom) = mounted.ranges()
    assert (right - left) / 250 == pytest.approx((bottom - top) / 300)
    assert left <= -2.015 + 1e-9
    mounted.page.evaluate("() => { document.querySelector('.tem-layer').style.width = '450px'; }")
    mounted.page.wait_for_timeout(200)


def test_context_is_given_back_when_the_view_goes(mounted):
    lost = mounted.page.evaluate(
        """() => {
          const gl = document.querySelector('canvas').getContext('webgl2');
          window.ending.abort();
          return new Promise((done) => setTimeout(() => done(gl.isContextLost()), 100));
        }"""
    )
    assert lost


def test_more_views_than_contexts(page):
    image = pattern()
    for _ in range(17):
        made = Mounted(page, ImageView(image))
    assert made.pixels().std() > 20


def test_large_states_are_ignored_until_they_fit(mounted):
    mounted.set(states=b"\x01")
    mounted.set(states=bytes([1] + 24 * [0]))
    assert not mounted.errors


def lit(pixels, colour):
    """Where a picture has nearly this colour."""
    return np.abs(pixels - np.array(colour)).max(axis=2) < 40


@pytest.mark.parametrize("renderer", ["auto", "raster"])
def test_lines_arrows_and_maps_are_drawn_where_they_lie(page, renderer):
    image = tw.make_image(np.zeros((60, 90), np.uint8), sampling=(0.02, 0.03), origin=(1.0, -2.0))
    view = ImageView(image)
    view.set_lines("line", [[1.2, -1.5, 1.2, 0.0]], colours="#00ff00", width=3)
    view.set_lines("arrow", [[1.8, -1.5, 1.8, 0.0]], colours="#ff0000", heads=True)
    view.set_lines("none", [[1.4, -1.5, 1.4, 0.0]], colours="#00ff00", shown=False)
    values = image[30:40, 40:60] * 0.0 + 1.0
    values[:, 10:] = np.nan
    view.set_map("map", values, "inverted grey", (0, 1), 1.0)
    view.set_map("half", values + 0.0, "grey", (0, 1), 0.5)
    made = Mounted(page, view, renderer=renderer)
    pixels = made.pixels()
    green, red = lit(pixels, (0, 255, 0)), lit(pixels, (255, 0, 0))
    left, row = made.place(-1.5, 1.2)
    right, arrow = made.place(0.0, 1.8)
    rows, cols = np.nonzero(green)
    assert rows.mean() == pytest.approx(row - PLOT["y"] - 0.5, abs=1)
    assert (cols.min(), cols.max()) == pytest.approx((left - PLOT["x"], right - PLOT["x"]), abs=3)
    thick = red.sum(axis=0)
    tip = int(right - PLOT["x"])
    assert thick[tip - 8 : tip].max() > 5  # the head
    assert thick[tip - 60 : tip - 20].max() <= 4
    assert np.nonzero(red)[0].mean() == pytest.approx(arrow - PLOT["y"] - 0.5, abs=1)
    grey = lit(pixels, (128, 128, 128))
    across, down = made.place(float(image.x[45]), float(image.y[35]))
    assert grey[int(down) - PLOT["y"], int(across) - PLOT["x"]]
    across, _ = made.place(float(image.x[55]), 1.2)
    assert not grey[int(down) - PLOT["y"], int(across) - PLOT["x"]]
    assert page.locator(".tem-legend:visible").count() == 2
    page.mouse.move(*made.place(float(image.x[45]), float(image.y[35])))
    assert page.locator(".tem-readout").text_content().endswith("(counts) 1   intensity (counts) 1")
    view.light_map("half", (2.0, 3.0))
    view.light_map("map", (2.0, 3.0))
    made.set(map_looks=view.stage.layer.map_looks)
    across, down = made.place(float(image.x[45]), float(image.y[35]))
    faint = made.pixels()[int(down) - PLOT["y"], int(across) - PLOT["x"]]
    assert 3 <= faint.max() <= 40
    assert not made.errors


def test_a_handle_is_dragged_by_mouse_and_moved_by_keyboard(page):
    view = ImageView(pattern())
    view.set_handle("a", 1.5, -1.0)
    made = Mounted(page, view)
    start = made.place(-1.0, 1.5)
    ranges = made.ranges()
    made.drag(start, made.place(-0.7, 1.6))
    messages = [content for content, _ in made.sent() if content["type"] == "handle"]
    assert messages[-1]["final"]
    assert not any(message["final"] for message in messages[:-1])
    assert (messages[-1]["x"], messages[-1]["y"]) == pytest.approx((-0.7, 1.6), abs=0.02)
    assert made.ranges() == ranges  # the image was not panned
    page.keyboard.press("Shift+ArrowLeft")
    (moved,) = [content for content, _ in made.sent()]
    step = 10 * (ranges[0][1] - ranges[0][0]) / PLOT["width"]
    assert moved["x"] == pytest.approx(messages[-1]["x"] - step)
    assert moved["final"]
    made.set(handles={"a": {"x": 0.0, "y": 1.2, "colour": "#00ff00", "label": "2 a"}})
    box = page.locator(".tem-handle").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert middle == pytest.approx(made.place(0.0, 1.2), abs=1)
    assert page.locator(".tem-handle").text_content() == "2 a"
    assert not made.errors
