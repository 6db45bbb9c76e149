"""Time from a brush in one view to the picture in all others: 30,000 columns, headless Chromium.

Run: ``python tests/benchmarks/linked_views.py``. Prints a table with what was aimed at.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
import driver

SETUP = """
import ipywidgets, numpy as np, temwidgets as tw
from temwidgets.analysis.vectors import with_displacement
from temwidgets.widgets import DisplacementMap, Histogram, PolarHistogram, ProfileView, Selection
rng = np.random.default_rng(0)
n = 173
a, b = (v.ravel().astype(float) for v in np.mgrid[:n, :n])
image = tw.make_image(rng.random((1024, 1024), np.float32), sampling=0.07)
columns = tw.make_columns(0.4 * a + 0.2, 0.4 * b + 0.2)
columns["intensity"] = ("column", rng.normal(5, 1, a.size), {"units": "counts"})
vector = rng.normal(0, 0.01, (a.size, 2)) + np.stack([0.02 * np.sin(a / 20), 0 * a], 1)
columns = with_displacement(columns, vector, np.tile(1e-6 * np.eye(2), (a.size, 1, 1)), "a test")
shared = Selection()
views = {
    "polar histogram": PolarHistogram(columns, selection=shared),
    "histogram": Histogram(columns, selection=shared),
    "profile": ProfileView(columns, "displacement_y", along=90.0, selection=shared),
    "displacement map": DisplacementMap(image, columns, selection=shared, scale=10),
}
views["displacement map"].image_view.height = 300
"""
# Until the frame in which the part of a view that shows the selection has changed.
BRUSH = """async (times) => {
  const polar = document.querySelector('svg.tem-polar');
  const plots = [...document.querySelectorAll('.bqplot')].filter(
    (node) => !node.closest('.tem-image-view') && node.querySelector('.plotarea_events'));
  const canvas = document.querySelector('canvas[data-drawn]');
  const box = polar.getBoundingClientRect();
  const place = (i) => {
    const [turn, radius] = [0.12 * i - 1, 10 + 2 * i];
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    return [x + radius * Math.cos(turn), y + radius * Math.sin(turn)];
  };
  const fire = (type, [x, y]) => polar.dispatchEvent(new PointerEvent(type,
    {clientX: x, clientY: y, pointerId: 1, bubbles: true, button: 0}));
  polar.setPointerCapture = () => {};
  const marks = {};
  const shows = [['polar histogram', polar], ['histogram', plots[0]], ['profile', plots[1]],
    ['displacement map', canvas]];
  const observers = shows.map(([name, node]) => {
    const observer = new MutationObserver(() => { marks[name] ??= performance.now(); });
    // of the polar histogram not the rubber band, but the part that Python has counted
    const what = node === polar ? {} : {subtree: true};
    observer.observe(node, {attributes: true, attributeFilter: ['d', 'data-drawn'], ...what});
    return observer;
  });
  const waits = [];
  fire('pointerdown', place(0));
  fire('pointermove', place(4));
  for (let i = 1; i <= times; i++) {
    await new Promise((done) => setTimeout(done, 600));
    for (const [name] of shows) delete marks[name];
    const start = performance.now();
    fire('pointermove', place(4 + 2 * i));
    while (Object.keys(marks).length < shows.length && performance.now() < start + 1500)
      await new Promise(requestAnimationFrame);
    waits.push(Object.fromEntries(Object.entries(marks).map(([k, v]) => [k, v - start])));
  }
  fire('pointerup', place(4 + 2 * times));
  observers.forEach((observer) => observer.disconnect());
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
        lab = driver.Lab(browser.new_page(viewport={"width": 1280, "height": 1500}), address)
        rows = measure(lab)
        browser.close()
    print(f"{platform.platform()}, {os.cpu_count()} cores")
    print("| brush over the polar histogram until it is seen in | median | slowest | aim |")
    print("|---|---|---|---|")
    for name, median, slowest in rows:
        print(f"| {name} | {median:.0f} ms | {slowest:.0f} ms | < 150 ms |")


def measure(lab: driver.Lab) -> list[tuple[str, float, float]]:
    """Return rows of (view, median, slowest) in ms."""
    lab.execute(SETUP)
    cell = lab.run(
        "ipywidgets.VBox([ipywidgets.HBox([views['polar histogram'], views['histogram']]),"
        " views['profile'], views['displacement map']])"
    )
    cell.wait_drawn()
    lab.page.wait_for_timeout(2500)
    waits = lab.page.evaluate(BRUSH, 14)
    names = ("polar histogram", "histogram", "profile", "displacement map")
    found = []
    for name in names:
        values = sorted(wait[name] for wait in waits if name in wait)
        missing = len(waits) - len(values)
        if missing:
            print(f"{name}: {missing} of {len(waits)} brushes changed nothing seen")
        if values:
            found.append((name, values[len(values) // 2], values[-1]))
    return found


if __name__ == "__main__":
    main()
