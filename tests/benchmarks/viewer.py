"""Speed of the image view in headless Chromium: 30,000 columns over a 2048 x 2048 image.

Run: ``python tests/benchmarks/viewer.py``. Prints a table with what was aimed at.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
import driver

SETUP = """
import numpy as np, temwidgets as tw
from temwidgets.widgets import ImageView, Selection
rng = np.random.default_rng(0)
side, n = 2048, 173
at = (np.arange(n) + 0.5) * side / n
y, x = (v.ravel() + rng.normal(0, 0.3, v.size) for v in np.meshgrid(at, at, indexing="ij"))
wave = 1 + np.cos(2 * np.pi * (np.arange(side) + 0.5 - side / n / 2) * n / side)
image = tw.make_image(
    (rng.poisson(20 * np.outer(wave, wave)) + rng.normal(0, 1, (side, side))).astype("float32"),
    sampling=0.02,
)
columns = tw.make_columns(0.02 * y, 0.02 * x)
shared = Selection()
first = ImageView(image, columns, selection=shared, height=480)
second = ImageView(image, columns, selection=shared, height=300)
"""
CLOCK = """() => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  window.marks = {drawn: []};
  kernel.anyMessage.connect((_, {direction, msg}) => {
    if (direction === 'recv' && msg.header.msg_type === 'display_data' ||
        msg.header.msg_type === 'execute_result') window.marks.data = performance.now();
  });
  new MutationObserver((changes) => {
    for (const change of changes)
      if (change.target.dataset?.drawn > 0)
        window.marks.drawn.push([change.target, performance.now()]);
  }).observe(document.body, {subtree: true, attributeFilter: ['data-drawn']});
}"""
FIRST = """async () => {
  const seen = performance.now();
  while (!window.marks.drawn.length && performance.now() < seen + 20000)
    await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - window.marks.data;
}"""
# Mouse events made in the page, so that the driver's own round trips are not in the figures.
GESTURES = """async ([index, kind, seconds]) => {
  const canvas = document.querySelectorAll('canvas[data-drawn]')[index];
  const box = canvas.getBoundingClientRect();
  const [cx, cy] = [box.left + box.width / 2, box.top + box.height / 2];
  const fire = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type,
    {clientX: x, clientY: y, pointerId: 1, bubbles: true, button: 0}));
  canvas.setPointerCapture = () => {};
  const start = performance.now();
  const before = +canvas.dataset.drawn;
  if (kind === 'pan') fire('pointerdown', cx, cy);
  for (let step = 0; performance.now() < start + 1000 * seconds; step++) {
    const angle = step / 10;
    if (kind === 'pan') fire('pointermove', cx + 80 * Math.sin(angle), cy + 60 * Math.cos(angle));
    else canvas.dispatchEvent(new WheelEvent('wheel', {clientX: cx, clientY: cy, bubbles: true,
      cancelable: true, deltaY: step % 40 < 20 ? -60 : 60}));
    await new Promise(requestAnimationFrame);
  }
  if (kind === 'pan') fire('pointerup', cx, cy);
  return 1000 * (+canvas.dataset.drawn - before) / (performance.now() - start);
}"""
BRUSH = """async (times) => {
  const [canvas, other] = document.querySelectorAll('canvas[data-drawn]');
  const box = canvas.getBoundingClientRect();
  const fire = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type,
    {clientX: x, clientY: y, pointerId: 1, bubbles: true, button: 0}));
  canvas.setPointerCapture = () => {};
  const waits = [];
  const [left, top] = [box.left + box.width / 2 - 80, box.top + 100];
  fire('pointerdown', left, top);
  for (let i = 1; i <= times; i++) {
    await new Promise((done) => setTimeout(done, 150));
    const [mine, before] = [+canvas.dataset.drawn, +other.dataset.drawn];
    const start = performance.now();
    fire('pointermove', left + 15 * i, top + 25 * i);
    let own = null;
    while (+other.dataset.drawn === before && performance.now() < start + 2000) {
      if (own === null && +canvas.dataset.drawn > mine) own = performance.now() - start;
      await new Promise(requestAnimationFrame);
    }
    waits.push([own ?? performance.now() - start, performance.now() - start]);
  }
  fire('pointerup', left + 15 * times, top + 25 * times);
  return waits;
}"""


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
        driver.server(Path(folder)) as address,
    ):
        browser = playwright.chromium.launch(
            executable_path=driver.find_chromium(), args=["--no-sandbox"]
        )
        lab = driver.Lab(browser.new_page(viewport={"width": 1280, "height": 1200}), address)
        rows = measure(lab)
        browser.close()
    names = ("jupyterlab", "ipywidgets", "bqplot", "anywidget")
    print(f"{platform.platform()}, {os.cpu_count()} cores")
    print(", ".join(f"{name} {version(name)}" for name in names))
    print("| what | measured | aim |\n|---|---|---|")
    for what, value, unit, aim in rows:
        print(f"| {what} | {value:.0f} {unit} | {aim} |")


def measure(lab: driver.Lab) -> list[tuple[str, float, str, str]]:
    """Return rows of (what, value, unit, aim)."""
    lab.run(SETUP)
    lab.page.evaluate(CLOCK)
    cell = lab.run("first")
    render = lab.page.evaluate(FIRST)
    cell.wait_drawn()
    lab.page.wait_for_timeout(1000)
    pan = lab.page.evaluate(GESTURES, [0, "pan", 3])
    zoom = lab.page.evaluate(GESTURES, [0, "zoom", 3])
    lab.execute("first.home(); first.tool = 'rectangle'")
    lab.clear_cells()
    cell = lab.run("import ipywidgets; ipywidgets.VBox([first, second])")
    cell.wait_drawn()
    lab.page.wait_for_timeout(1500)
    waits = lab.page.evaluate(BRUSH, 12)
    own, linked = (sorted(values)[len(values) // 2] for values in zip(*waits, strict=True))
    return [
        ("first render after the data arrived", render, "ms", "< 1000 ms"),
        ("pan", pan, "frames/s", ">= 30"),
        ("zoom", zoom, "frames/s", ">= 30"),
        ("brush to highlight, same view", own, "ms", "< 120 ms"),
        ("brush to highlight, linked view", linked, "ms", "< 120 ms"),
    ]


if __name__ == "__main__":
    main()
